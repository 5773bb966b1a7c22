/** Series with fewer samples keep their resolution (cc-backend's default of `resampling.minimum-points`). */
export const MINIMUM_POINTS = 1000;

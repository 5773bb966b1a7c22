/**
 * Series with fewer samples keep their resolution (cc-backend's default of `resampling.minimum-points`). The Worker needs
 * the number, and nothing else of src/archive/.
 */
export const MINIMUM_POINTS = 1000;

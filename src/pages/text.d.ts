/** The bundle of the Worker contains these files as text (wrangler.toml). */
declare module '*.css' {
  const text: string;
  export default text;
}
declare module '*.svg' {
  const text: string;
  export default text;
}
declare module '*.js' {
  const text: string;
  export default text;
}

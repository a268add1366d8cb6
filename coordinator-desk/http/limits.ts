/**
 * Of a form: two hundred cases with their versions, and a note of 4000 characters of which each may be written with twelve in a form.
 */
export const longestForm = 96 * 1024;

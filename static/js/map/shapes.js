// Shapes of the marks, as paths in [-1, 1]². The scene's shader draws the same three by their number.

export const SHAPES = [
  "M1 0A1 1 0 1 1-1 0A1 1 0 1 1 1 0Z", // 0: disc
  "M-.9-.9H.9V.9H-.9Z", // 1: square
  "M0-1L1 .8H-1Z", // 2: triangle
];

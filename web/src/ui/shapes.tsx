/** Our own line drawings: three hands seen from above, a flame and a drop, all with one stroke width. */
import type { Shape as Name } from "../api/types.ts";

/** On a grid of 64; hands point up and their wrists leave through the lower edge. */
const LINES: Record<Name, string[]> = {
  rock: [
    "M22 64V53C16.5 49.5 13 44 13 37.5V25a5 5 0 0 1 10 0",
    "M23 33V22a5 5 0 0 1 10 0V31",
    "M33 22.5a5 5 0 0 1 10 0V32",
    "M43 25.5a4.5 4.5 0 0 1 9 0V37C52 45 48.5 50 44 53V64",
    "M13 35.5C19 32.5 26 32 33.5 33.5A4.8 4.8 0 0 1 33 43C28 42.6 25 44 22.5 47",
  ],
  paper: [
    "M23 64V54C18.5 49 13 43.5 8.8 38.2A3.7 3.7 0 0 1 14.4 33.4L20 39V17a3.5 3.5 0 0 1 7 0V32",
    "M27 31V10.5a3.5 3.5 0 0 1 7 0V31",
    "M34 31V13a3.5 3.5 0 0 1 7 0V33",
    "M41 33V21a3.4 3.4 0 0 1 6.8 0V43C47.8 49 46 51.5 44 54V64",
  ],
  scissors: [
    "M22.5 64V54C17.5 50 15 45 16 39.5",
    "M22 35 15.2 12.3A3.6 3.6 0 0 1 22.1 10.2L30 32",
    "M30 32 37.3 9.8A3.6 3.6 0 0 1 44.2 12L38.5 32.5",
    "M38.3 34a4.2 4.2 0 0 1 8.4 0V40",
    "M46.7 37a3.2 3.2 0 0 1 6.3 1C53 46 49.5 51 44 54V64",
    "M16 39.5C17 35.5 20.5 34.3 24 34.6C28.5 35 32.5 36.5 35.5 38.7A4.3 4.3 0 0 1 31.5 46.2C28.5 45 26 45.5 24.5 48",
  ],
  fire: [
    "M32 58C20.5 58 14 50.5 14 41C14 30 23 26.5 24.5 15.5C30 18 32.5 22.5 32.8 27.5C35.5 22.5 35.5 14.5 31.5 7C43 12 50 24.5 50 38.5C50 50.5 43 58 32 58Z",
    "M32 58C27 58 24 54.5 24 49.5C24 43.5 30 41.5 31.5 34.5C36.5 38.5 40 43.5 40 49C40 54.5 37 58 32 58Z",
  ],
  water: [
    "M32 6C40 18 49 28.5 49 40A17 17 0 0 1 15 40C15 28.5 24 18 32 6Z",
    "M24 41A8.5 8.5 0 0 0 32 49.5",
  ],
};

/** Beside it, or around it, words say which shape it is. */
export function ShapeDrawing({ shape }: { shape: Name }) {
  return (
    <svg class="shape" data-shape={shape} viewBox="0 0 64 64" aria-hidden="true">
      {LINES[shape].map((line) => (
        <path key={line} d={line} />
      ))}
    </svg>
  );
}

/** A table with nobody's hand on it, for pages that have only words. */
export function EmptyTable() {
  return (
    <svg class="empty-table" viewBox="0 0 96 96" aria-hidden="true">
      <circle cx="48" cy="48" r="46" />
      <circle cx="48" cy="27" r="17" />
      <circle cx="48" cy="69" r="17" />
    </svg>
  );
}

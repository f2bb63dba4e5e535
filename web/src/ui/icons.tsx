/** The few small signs of the page, in the stroke of the shapes. */

const LINES = {
  mark: "M5 12a7 7 0 0 1 14 0M5 12a7 7 0 0 0 14 0M9.5 9.5h5M9.5 14.5h5",
  list: "M4 6.5h3M4 12h3M4 17.5h3M10.5 6.5H20M10.5 12H20M10.5 17.5H20",
  sound: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5ZM15.5 9a4.2 4.2 0 0 1 0 6M18 6.5a8 8 0 0 1 0 11",
  silence: "M4 9.5v5h3.5L12 18.5v-13L7.5 9.5ZM15.5 9.5l5 5M20.5 9.5l-5 5",
  keys: "M3 7h18v10H3ZM6.5 10.5h.01M10 10.5h.01M13.5 10.5h.01M17 10.5h.01M8 13.8h8",
  unkeys: "M3 7h18v10H3ZM4 20 20 4",
  copy: "M9 9h10.5v10.5H9ZM5 15H4.5V4.5H15V5",
  share: "M12 15V4M8 7.5 12 3.8l4 3.7M5 12v8h14v-8",
  again: "M19.5 12a7.5 7.5 0 1 1-2.3-5.4M19.5 3.5V8H15",
  back: "M14.5 5.5 8 12l6.5 6.5",
} as const;

export function Icon({ name }: { name: keyof typeof LINES }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={LINES[name]} />
    </svg>
  );
}

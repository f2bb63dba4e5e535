/** A QR code as one SVG path; its encoder is fetched only when a code is shown. */
import { encode } from "uqr";

export interface Props {
  text: string;
  label: string;
}

const QUIET = 4; // modules of margin that readers ask for (ISO/IEC 18004)

export function QrCode({ text, label }: Props) {
  const { data, size } = encode(text, { ecc: "M", border: QUIET });
  const dark = data.flatMap((row, y) => row.map((on, x) => (on ? `M${x} ${y}h1v1h-1z` : "")));
  return (
    <svg class="qr" role="img" aria-label={label} viewBox={`0 0 ${size} ${size}`} shape-rendering="crispEdges">
      <path d={dark.join("")} />
    </svg>
  );
}

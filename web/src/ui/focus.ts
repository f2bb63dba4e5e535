/** Where the focus goes when what had it is gone. */
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

/** For a box whose content changes by itself: focus that was inside, on something that vanishes, goes to the box. */
export function useHeldFocus<T extends HTMLElement>(): RefObject<T | null> {
  const box = useRef<T>(null);
  const inside = box.current?.contains(document.activeElement); // as it is before this drawing
  useLayoutEffect(() => {
    if (inside && !box.current?.contains(document.activeElement)) box.current?.focus({ preventScroll: true });
  });
  return box;
}

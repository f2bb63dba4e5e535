/** The keyboard at the table: 1-5 throw, Enter asks for a rematch, Escape leaves. */
import { useEffect } from "preact/hooks";
import { shapeForKey, shapesOf } from "../core/games.ts";
import { keysOn } from "../ui/shortcuts.ts";
import { language } from "../words/index.ts";
import { rematchOpen } from "./dock.tsx";
import { asking, leave } from "./leave.tsx";
import type { Table } from "./table.ts";

export function useKeys(table: Table): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent) => pressed(table, event);
    addEventListener("keydown", listener);
    return () => removeEventListener("keydown", listener);
  }, [table]);
}

function pressed(table: Table, event: KeyboardEvent): void {
  const view = table.view.value;
  const modified = event.ctrlKey || event.metaKey || event.altKey || event.repeat;
  if (!view || modified || asking.value) return; // the dialog has its own keys
  const shape = keysOn.value && shapeForKey(event.key, shapesOf(view.game, language.value));
  if (shape) table.throwShape(shape);
  else if (event.key === "Escape") escape(table, event);
  else if (event.key === "Enter" && !onControl(event) && rematchOpen(table, view)) void table.rematch();
}

/** The same press must not close the dialog that it opens. */
function escape(table: Table, event: KeyboardEvent): void {
  event.preventDefault();
  leave(table);
}

/** Enter on a focused control is that control's own. */
function onControl(event: KeyboardEvent): boolean {
  return event.target instanceof Element && event.target.closest("a, button, input, select, summary") !== null;
}

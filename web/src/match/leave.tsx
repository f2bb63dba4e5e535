/** Leaving: at once where nothing is at stake, after a question while a match is being played. */
import { signal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { go } from "../router.ts";
import { t } from "../words/index.ts";
import type { Table } from "./table.ts";

export const asking = signal(false);

export function leave(table: Table): void {
  const view = table.view.value;
  if (view?.status === "playing" && view.you !== null) asking.value = true;
  else go("/");
}

export function LeaveDialog({ table }: { table: Table }) {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    return () => {
      asking.value = false;
    };
  }, []);
  /** Closing gives the focus back to where it was, and lets the page take it: a modal dialog keeps it from both. */
  function close(then?: () => void): void {
    dialog.current?.close();
    asking.value = false;
    then?.();
  }
  return (
    <dialog ref={dialog} class="leave" aria-labelledby="leave" onClose={() => (asking.value = false)}>
      <h2 id="leave">{t("leave.title")}</h2>
      <p>{t("leave.more")}</p>
      <div class="actions">
        <button class="button primary" type="button" autofocus onClick={() => close()}>
          {t("leave.stay")}
        </button>
        <button class="button" type="button" onClick={() => close(() => go("/"))}>
          {t("leave.go")}
        </button>
        <button class="button danger" type="button" onClick={() => close(() => void table.resign())}>
          {t("leave.resign")}
        </button>
      </div>
    </dialog>
  );
}

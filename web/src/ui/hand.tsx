/** A button that hands a text over, and says what came of it. */
import { useEffect, useState } from "preact/hooks";
import { t } from "../words/index.ts";
import { Icon } from "./icons.tsx";
import type { Handed } from "./share.ts";

const SHOWN_MS = 2_500;

interface Props {
  icon: "copy" | "share";
  label: string;
  text: string; // what a player may copy without our help, where the browser refuses it
  primary?: boolean;
  hand(): Promise<Handed>;
}

export function HandButton({ icon, label, text, primary, hand }: Props) {
  const [handed, setHanded] = useState<Handed | null>(null);
  useEffect(() => {
    if (handed !== "copied") return;
    const timer = setTimeout(() => setHanded(null), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [handed]);
  const [copied, failed] = [handed === "copied", handed === "failed"];
  return (
    <>
      <button class={primary ? "button primary" : "button"} type="button" onClick={() => void hand().then(setHanded)}>
        <Icon name={icon} />
        {copied ? t("hand.copied") : label}
      </button>
      <p class={failed ? "note" : "hidden"} role="status">
        {failed ? t("hand.failed", { text }) : copied ? t("hand.copied") : ""}
      </p>
    </>
  );
}

/** Filling a text: the plural form for `n`, then the parameters in braces. Pure. */

export type Text = string | Partial<Record<Intl.LDMLPluralRule, string>>;
export type Params = Readonly<Record<string, string | number>>;

/** Missing parameters stay visible as `{name}`, so that a test or a reader notices. */
export function fill(text: Text, params: Params, language: string): string {
  return form(text, Number(params.n ?? 0), language).replace(/\{(\w+)\}/g, (whole, name: string) =>
    String(params[name] ?? whole),
  );
}

function form(text: Text, n: number, language: string): string {
  if (typeof text === "string") return text;
  return text[new Intl.PluralRules(language).select(n)] ?? text.other ?? "";
}

/** The part of Trusted Types (W3C) that the panel uses; not every browser has them. */
interface Window {
  trustedTypes?: {
    createPolicy(
      name: string,
      rules: { createScriptURL(url: string): string },
    ): { createScriptURL(url: string): unknown };
  };
}
declare var trustedTypes: Window["trustedTypes"];

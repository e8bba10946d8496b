import { expect, test } from "vitest";
import { aPanel, noBrowser, obstacles, picture } from "../helpers/a_browser.ts";
import { aLab, labHosts } from "../helpers/a_lab.ts";

const hosts = await labHosts(["lab1"]);

test.skipIf(noBrowser ?? hosts.missing)(
  "a machine behind ssh is checked, and its pool stands under its own name",
  async () => {
    const lab = await aLab(hosts, { machines: { lab1: {} } });
    const { page } = await aPanel(lab, { at: "/machines" });
    const pools = page.getByRole("heading", { level: 2 });
    await expect.poll(() => pools.allInnerTexts()).toEqual(["Pool local", "Pool lab"]);
    expect(await page.getByRole("button", { name: "Check local" }).count()).toBe(0);
    await page.getByRole("button", { name: "Check lab1" }).click();
    const dialog = page.getByRole("dialog", { name: "Check of lab1" });
    const lines = dialog.getByRole("listitem");
    await lines.filter({ hasText: "login" }).waitFor();
    expect((await lines.allInnerTexts()).every((line) => line.includes("✓"))).toBe(true);
    expect(await obstacles(page)).toEqual([]);
    await picture(page, "machines_check");
    await dialog.getByRole("button", { name: "Check again" }).click();
    await lines.filter({ hasText: "login" }).waitFor();
    await page.keyboard.press("Escape");
    await page.getByRole("combobox", { name: "Pool" }).selectOption("lab");
    await expect.poll(() => pools.allInnerTexts()).toEqual(["Pool lab"]);
  },
);

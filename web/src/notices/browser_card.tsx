import { useNavigate } from "@tanstack/react-router";
import { Bell, BellOff } from "lucide-react";
import { Button } from "../ui/button.tsx";
import { type BrowserNotices, show, turnOff, turnOn, useBrowserNotices } from "./browser_notices.ts";
import { Card } from "./card.tsx";

const words: Record<BrowserNotices, { glyph: string; colour: string; state: string; more: string }> = {
  on: {
    glyph: "✓",
    colour: "text-succeeded",
    state: "On",
    more: "While the panel is open in a tab, in front or not, this browser shows each job of yours that ends, and what needs your help.",
  },
  off: {
    glyph: "○",
    colour: "text-muted",
    state: "Off",
    more: "While the panel is open in a tab, this browser can show each job of yours that ends, and what needs your help.",
  },
  forbidden: {
    glyph: "✗",
    colour: "text-failed",
    state: "Not allowed",
    more: "This browser was told to show no notifications of this page. Allow them in its settings for this site, then come back.",
  },
  impossible: {
    glyph: "–",
    colour: "text-muted",
    state: "Not possible here",
    more: "Browsers show notifications only of pages that come over https, or from this machine itself.",
  },
};

/** Notifications of this browser itself. */
export function BrowserCard() {
  const state = useBrowserNotices();
  const navigate = useNavigate();
  const { glyph, colour, state: word, more } = words[state];
  const test = { tag: "test", title: "Runyard: a test", body: "Notifications arrive here.", to: "/notifications" };
  return (
    <Card title="In this browser">
      <p role="status" className={`font-medium ${colour}`}>
        <span aria-hidden="true" className="mr-2 font-mono">
          {glyph}
        </span>
        <span>{word}</span>
      </p>
      <p className="text-sm text-muted">{more}</p>
      <div className="flex flex-wrap gap-2">
        {state === "off" && (
          <Button look="primary" onClick={() => void turnOn()}>
            <Bell aria-hidden="true" />
            Turn on
          </Button>
        )}
        {state === "on" && (
          <>
            <Button onClick={() => show(test, (to) => void navigate({ to }))}>
              <Bell aria-hidden="true" />
              Show one now
            </Button>
            <Button onClick={turnOff}>
              <BellOff aria-hidden="true" />
              Turn off
            </Button>
          </>
        )}
      </div>
    </Card>
  );
}

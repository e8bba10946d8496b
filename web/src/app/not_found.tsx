import { Link } from "@tanstack/react-router";
import { Compass } from "lucide-react";
import { buttonClass } from "../ui/button.tsx";
import { Notice } from "../ui/problem.tsx";

export function NotFound() {
  return (
    <Notice title="There is no such page" icon={<Compass className="size-6" aria-hidden="true" />}>
      <p>The address leads nowhere in this panel.</p>
      <Link to="/" className={buttonClass("primary")}>
        To the queue
      </Link>
    </Notice>
  );
}

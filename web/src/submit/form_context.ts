import { createContext, useContext } from "react";
import type { Draft, OptionFlag } from "./draft.ts";
import type { FieldName, JudgedDraft } from "./judged_draft.ts";

/** The form as its parts see it. */
export interface Form {
  draft: Draft;
  change(wishes: Partial<Draft>): void;
  setOption(flag: OptionFlag, text: string): void;
  judged: JudgedDraft;
  /** What is to be said at a field; null: nothing. What is only missing is said when somebody has tried to submit. */
  mistakeAt(field: FieldName): string | null;
}

export const FormContext = createContext<Form | null>(null);

export function useForm(): Form {
  const form = useContext(FormContext);
  if (!form) throw new Error("this belongs into the form of a new job");
  return form;
}

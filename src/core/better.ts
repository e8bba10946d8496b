const SMALLER_IS_BETTER = new Set(
  "err errors time duration seconds sec secs ms latency perplexity ppl nll mse mae rmse mape wer cer fid regret cost memory".split(
    " ",
  ),
);

/** Whether less of a result or metric is better, told by the words of its name: `val_loss`, `testError`, `time/epoch`; but not `confidence` or `power`. */
export function isBetterSmall(key: string): boolean {
  const words = key.replace(/([a-z0-9])([A-Z])/g, "$1 $2").toLowerCase();
  return words.split(/[^a-z]+/).some((word) => SMALLER_IS_BETTER.has(word) || /(?:loss|error)$/.test(word));
}

/** An index as nvidia-smi counts, the UUID of a GPU or of a part of one (or its beginning). */
const device = /^(0|[1-9]\d{0,3}|GPU-[\w-]+|MIG-[\w/-]+)$/;

/** Why a text cannot be a slot, which is what CUDA_VISIBLE_DEVICES says to the run that holds it; null: it can. */
export function objectionToSlot(devices: string): string | null {
  if (devices === "") return null;
  const names = devices.split(",");
  const odd = names.find((name) => !device.test(name));
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (odd !== undefined)
    return `'${devices}': ${odd === "" ? "a comma with no device beside it" : `"${odd}" is no device`}. ${form}`;
  return twice === undefined ? null : `'${devices}' names ${twice} twice. ${form}`;
}

const form =
  "A slot names GPUs as CUDA_VISIBLE_DEVICES does: '0', '0,1', 'GPU-5f3c…', 'MIG-1c2d…'; '' is one without a GPU.";

import { doors } from "../../../src/api/paths.ts";
import { type Answer, refusal } from "../../../src/client/client.ts";

/**
 * Sends a zip to the yard. Rejects with a RefusedCall, or with a TypeError where nothing answers.
 *
 * @param onShare  told how much of it is there, from 0 to 1: fetch cannot tell that
 */
export function uploadZip(file: File, onShare: (share: number) => void): Promise<Answer<"uploadSnapshot">> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open(doors.uploadSnapshot.method, doors.uploadSnapshot.path);
    request.setRequestHeader("content-type", "application/zip");
    request.upload.onprogress = ({ loaded, total }) => onShare(total === 0 ? 0 : loaded / total);
    request.onerror = () => reject(new TypeError("the upload broke off"));
    request.onload = () => {
      if (request.status >= 400) reject(refusal(request.status, request.responseText));
      else resolve(JSON.parse(request.responseText));
    };
    request.send(file);
  });
}

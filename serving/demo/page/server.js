// Sends requests to the server that the page is from.

import { find } from "./dom.js";

const PATIENCE_MS = 60_000;

// Returns the header with the key of the page's field; none while that is empty.
function keyHeader() {
  const key = find("key").value.trim();
  // Browsers take one byte a character in a header, and servers compare the bytes of UTF-8.
  return key === "" ? {} : { "X-API-Key": String.fromCharCode(...new TextEncoder().encode(key)) };
}

function keyError() {
  return find("key").value.trim() === ""
    ? "this server needs an API key; enter it above"
    : "the server does not accept this API key; correct it above";
}

// Returns the server's response, an object that has `error` if there is no prediction; `milliseconds.total` is the time
// from here to the server and back.
export async function predict(body) {
  const started = performance.now();
  try {
    const response = await fetch("demo/predict?crops=1", {
      method: "POST",
      body,
      headers: { "Content-Type": "application/octet-stream", ...keyHeader() },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
    if (response.status === 401) return { error: keyError(), needsKey: true };
    const answer = await response.json();
    if (answer.error) return { ...answer, busy: response.status === 503 };
    answer.milliseconds.total = performance.now() - started;
    return answer;
  } catch (error) {
    if (error.name === "TimeoutError") return { error: "the server takes too long; try again later" };
    return { error: "the server does not respond; is it still running?" };
  }
}

// Returns {note, samples}; without samples if there are none.
export async function samples() {
  try {
    const answer = await (await fetch("demo/samples", { headers: keyHeader() })).json();
    return { note: answer.note ?? "", samples: answer.samples ?? [] };
  } catch {
    return { note: "", samples: [] };
  }
}

export async function sample(url) {
  const response = await fetch(url, { headers: keyHeader() });
  if (!response.ok) throw new Error((await response.json()).error);
  return response.blob();
}

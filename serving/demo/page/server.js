// Asks the server that the page is from.

const PATIENCE_MS = 60_000;

// Returns the server's answer, an object that has `error` if there is no prediction; `milliseconds.total` is the time
// from here to the server and back.
export async function predict(body) {
  const started = performance.now();
  try {
    const response = await fetch("demo/predict?crops=1", {
      method: "POST",
      body,
      headers: { "Content-Type": "application/octet-stream" },
      signal: AbortSignal.timeout(PATIENCE_MS),
    });
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
    const answer = await (await fetch("demo/samples")).json();
    return { note: answer.note ?? "", samples: answer.samples ?? [] };
  } catch {
    return { note: "", samples: [] };
  }
}

export async function sample(url) {
  const response = await fetch(url);
  if (!response.ok) throw new Error((await response.json()).error);
  return response.blob();
}

// Runs the exported model on a photo: two clicks on the eyes align the face as for training.
import * as ort from "./ort.wasm.min.mjs";

ort.env.wasm.wasmPaths = new URL("./", import.meta.url).href;
// More threads need headers that a plain file server does not send.
ort.env.wasm.numThreads = 1;

const find = (id) => document.getElementById(id);
const say = (text) => { find("state").textContent = text; };
const CLICK = "Click the eye on the left of the photo, then the one on the right.";

let session, description, photo, eyes = [];

async function load() {
  description = await (await fetch("model.json")).json();
  const model = new Uint8Array(await (await fetch("model.onnx")).arrayBuffer());
  session = await ort.InferenceSession.create(model, { executionProviders: ["wasm"] });
  const { summary, warning, notice } = description.identity ?? {};
  find("identity").textContent = [summary, notice].filter(Boolean).join("; ");
  find("warning").textContent = warning ? `Warning: ${warning}` : "";
  // Only now: a photo needs the model.
  find("file").disabled = false;
  say("Choose a photo.");
}

async function choose(file) {
  try {
    photo = await createImageBitmap(file);
  } catch {
    photo = undefined;
    find("whole").disabled = true;
    return say("This file is no image that the browser can read; choose another.");
  }
  const canvas = find("photo"), scale = Math.min(1, 640 / photo.width);
  canvas.width = Math.round(photo.width * scale);
  canvas.height = Math.round(photo.height * scale);
  canvas.getContext("2d").drawImage(photo, 0, 0, canvas.width, canvas.height);
  eyes = [];
  find("result").hidden = true;
  find("whole").disabled = false;
  say(CLICK);
}

async function click(event) {
  if (!photo) return;
  const box = event.target.getBoundingClientRect(), scale = photo.width / box.width;
  eyes.push([(event.clientX - box.left) * scale, (event.clientY - box.top) * scale]);
  if (eyes.length < 2) return say("Now the eye on the right.");
  const [left, right] = eyes;
  eyes = [];
  if (Math.hypot(right[0] - left[0], right[1] - left[1]) < 4) return say(`The eyes are too close together. ${CLICK}`);
  await predict(aligned(left, right));
}

// Returns [a, b, c, d, e, f] of setTransform: the crop's geometry for the eyes in pixels of the photo.
function aligned([x1, y1], [x2, y2]) {
  const side = description.pixels.shape[1], { eye_distance: distance, eye_middle: middle } = description.alignment;
  const scale = distance * side / Math.hypot(x2 - x1, y2 - y1), turn = -Math.atan2(y2 - y1, x2 - x1);
  const cos = scale * Math.cos(turn), sin = scale * Math.sin(turn), x = (x1 + x2) / 2, y = (y1 + y2) / 2;
  return [cos, sin, -sin, cos, middle[0] * side - cos * x + sin * y, middle[1] * side - sin * x - cos * y];
}

function whole() {
  const side = description.pixels.shape[1];
  return [side / photo.width, 0, 0, side / photo.height, 0, 0];
}

function pixelsOf(transform) {
  const [, side, , channels] = description.pixels.shape, canvas = find("crop");
  canvas.width = canvas.height = side;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.imageSmoothingQuality = "high";
  context.setTransform(...transform);
  context.drawImage(photo, 0, 0);
  const rgba = context.getImageData(0, 0, side, side).data, pixels = new Uint8Array(side * side * channels);
  for (let i = 0; i < side * side; i++) {
    const [r, g, b] = rgba.subarray(4 * i, 4 * i + 3);
    if (channels === 1) pixels[i] = Math.round(0.299 * r + 0.587 * g + 0.114 * b);
    else pixels.set([r, g, b], 3 * i);
  }
  return new ort.Tensor("uint8", pixels, [1, side, side, channels]);
}

async function predict(transform) {
  say("Computing.");
  find("result").hidden = true;
  const began = performance.now();
  let outputs;
  try {
    outputs = await session.run({ pixels: pixelsOf(transform) });
  } catch (error) {
    const [cause] = error.message.split("\n");
    return say(`The model cannot predict this photo: ${cause}. Reload the page, or choose another photo.`);
  }
  const took = performance.now() - began;
  const age = outputs.age?.data[0], male = outputs.gender_probability?.data[0], words = [];
  if (age !== undefined) words.push(`${age.toFixed(1)} years`);
  if (male !== undefined) words.push(male > 0.5 ? `male, ${(100 * male).toFixed(0)} %` : `female, ${(100 - 100 * male).toFixed(0)} %`);
  find("answer").textContent = words.join("; ");
  bars(Array.from(outputs.age_probabilities?.data ?? []));
  find("result").hidden = false;
  find("result").dataset.outputs = JSON.stringify({ age, male, took });
  say(`Computed in ${took.toFixed(0)} ms. ${CLICK}`);
}

function bars(probabilities) {
  const highest = Math.max(...probabilities);
  find("ages").replaceChildren(...probabilities.map((each, age) => {
    const bar = document.createElement("i");
    bar.style.height = `${100 * each / highest}%`;
    bar.title = `${age}: ${(100 * each).toFixed(1)} %`;
    return bar;
  }));
}

find("file").addEventListener("change", (event) => event.target.files[0] && choose(event.target.files[0]));
find("photo").addEventListener("click", click);
find("whole").addEventListener("click", () => photo && predict(whole()));
load().catch((error) => say(`The model cannot be loaded: ${error.message}. Serve this folder, e.g. by python3 -m http.server.`));

// Connects the page: an image in, the server's response out.

import { Camera } from "./camera.js";
import { definitions, element, find } from "./dom.js";
import { describeFace } from "./face_panel.js";
import { frame, prepare } from "./photo.js";
import { predict, sample, samples } from "./server.js";
import { Stage } from "./stage.js";
import { count, description, sentence } from "./wording.js";

const MAX_PHOTO_BYTES = Number(document.body.dataset.maxPhotoBytes);
const AGE_GROUPS = JSON.parse(document.body.dataset.ageGroups);
const BUSY_PAUSE_MS = 500;
// A screen reader gets live faces no more often than this.
const SPEAK_EVERY_MS = 5000;

const stage = new Stage((index) => choose(index, true));
const camera = new Camera(find("video"));
let turn = 0;
let result = null;
let selected = 0;
let spokenAt = 0;

function say(text, bad = false) {
  find("status").textContent = text;
  find("status").classList.toggle("bad", bad);
}

async function predictFile(file, name) {
  if (!file) return;
  stopCamera();
  const mine = ++turn;
  say(`Looking for faces on ${name} …`);
  const photo = await prepare(file).catch(() => null);
  if (mine !== turn) return;
  const body = photo ? photo.body : file;
  if (body.size > MAX_PHOTO_BYTES) {
    const limit = `${MAX_PHOTO_BYTES / 2 ** 20} MiB`;
    return refuse(`The file is larger than ${limit}, and this browser cannot read it as an image.`);
  }
  const answer = await predict(body);
  if (mine !== turn) return;
  if (answer.needsKey) showKey();
  if (answer.error) return refuse(sentence(answer.error));
  showModel(answer.model);
  find("problem").textContent = "";
  if (!photo) return refuse("This browser cannot show such an image; try a JPEG or a PNG.");
  selected = 0;
  show(photo, answer, false);
  if (answer.problem) return say(sentence(answer.problem), true);
  say(`${count(answer.faces.length, "face")}. ${description(answer.faces[0], 0)}`);
  const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
  find("result").scrollIntoView({ behavior: calm ? "auto" : "smooth", block: "nearest" });
}

function showKey() {
  find("key-part").hidden = false;
  find("key").focus();
}

function refuse(text) {
  result = null;
  find("result").hidden = true;
  say(text, true);
}

function show(photo, answer, live) {
  const before = result?.faces[selected];
  result = answer;
  find("result").hidden = false;
  stage.show(photo.canvas, answer, live);
  find("timing").textContent = timing(answer.milliseconds, photo);
  if (find("json-part").querySelector("details").open) showJson();
  find("panel").hidden = answer.faces.length === 0;
  if (answer.faces.length > 0) choose(live ? nearest(before) : selected);
}

function choose(index, aloud = false) {
  selected = index;
  stage.mark(index);
  describeFace(result.faces[index], index, result.faces.length, AGE_GROUPS);
  if (aloud) say(description(result.faces[index], index));
}

function step(by) {
  const total = result.faces.length;
  choose((selected + by + total) % total, true);
}

// Returns the face that is where the selected one was in the frame before.
function nearest(before) {
  if (!before) return 0;
  const middle = ({ box }) => [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  const [x, y] = middle(before);
  const distances = result.faces.map(middle).map(([otherX, otherY]) => Math.hypot(otherX - x, otherY - y));
  return distances.indexOf(Math.min(...distances));
}

function timing({ decode, find: search, align, predict: model, total }, { canvas, original }) {
  const ms = (value) => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;
  const scaled = original && original.width !== canvas.width;
  const size = scaled ? `${original.width}x${original.height} px, sent as ` : "";
  return (
    `${size}${canvas.width}x${canvas.height} px. ${ms(total)} in all: read ${ms(decode)}, find ${ms(search)}, ` +
    `align ${ms(align)}, predict ${ms(model)}; the rest is the way to the server and back.`
  );
}

function showJson() {
  find("json").textContent = json();
}

// Returns the response without the crops, as without the page.
function json() {
  const faces = result.faces.map(({ crop, ...face }) => face);
  return JSON.stringify({ ...result, faces }, null, 2);
}

// A newer version may have been pushed since the page was opened.
function showModel(model) {
  if (!model) return;
  find("warning").textContent = model.warning ? sentence(model.warning) : "";
  find("notice").textContent = model.notice ? sentence(model.notice) : "";
  find("summary").hidden = true;
  definitions(find("model"), [
    ["Name", model.name],
    ["Version", model.version],
    ["Pipeline", known(model.pipeline)],
    ["Training", known(model.training)],
    ["Learned from", model.trained_on.pictures],
    ["Data sets", model.trained_on.data_sets.join(", ") || "unknown"],
    ["Faces learned from", model.trained_on.faces?.toLocaleString("en") ?? "unknown"],
  ]);
}

function known(value) {
  return value === "unknown" ? null : value;
}

async function toggleCamera() {
  if (camera.on) {
    stopCamera();
    return say("The camera is off. The last frame is shown.");
  }
  const mine = ++turn;
  say("The browser asks whether this page may use the camera …");
  try {
    await camera.start();
  } catch (error) {
    camera.stop();
    return mine === turn ? say(error.message, true) : undefined;
  }
  if (mine !== turn) return camera.stop();
  find("camera").classList.add("live");
  find("camera-label").textContent = "Stop camera";
  result = null;
  spokenAt = 0;
  say("The camera is on.");
  await live(mine);
}

// Sends each frame after the response to the last one, as long as the camera is on.
async function live(mine) {
  let frames = 0;
  const started = performance.now();
  while (mine === turn) {
    const photo = await frame(camera.video, camera.mirrored).catch(() => null);
    if (mine !== turn) return;
    const answer = photo && (await predict(photo.body));
    if (mine !== turn) return;
    if (!answer || answer.busy) {
      if (answer) say(sentence(answer.error), true);
      await new Promise((resolve) => setTimeout(resolve, BUSY_PAUSE_MS));
      continue;
    }
    if (answer.error) {
      stopCamera();
      if (answer.needsKey) showKey();
      return refuse(sentence(answer.error));
    }
    showModel(answer.model);
    show(photo, answer, true);
    frames += 1;
    const rate = (1000 * frames) / (performance.now() - started);
    find("timing").textContent = `${rate.toFixed(1)} frames a second. ${find("timing").textContent}`;
    speakNowAndThen(answer);
  }
}

function speakNowAndThen(answer) {
  if (performance.now() - spokenAt < SPEAK_EVERY_MS && spokenAt > 0) return;
  spokenAt = performance.now();
  if (answer.faces.length === 0) return say("No face in the camera's image.");
  say(`${count(answer.faces.length, "face")}. ${description(answer.faces[selected], selected)}`);
}

function stopCamera() {
  if (!camera.on) return;
  turn += 1;
  camera.stop();
  stage.setLive(false);
  find("camera").classList.remove("live");
  find("camera-label").textContent = "Use camera";
}

async function copyJson() {
  const text = json();
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Browsers offer the clipboard only over https and on localhost; the text is marked instead.
    find("json-part").querySelector("details").open = true;
    showJson();
    getSelection().selectAllChildren(find("json"));
    return say("The JSON is marked; copy it by Ctrl+C.");
  }
  say("The JSON is copied.");
}

async function showSamples() {
  const offered = await samples();
  find("samples-note").textContent = offered.note;
  find("sample-list").replaceChildren(
    ...offered.samples.map(({ title, url, thumbnail }) => {
      const image = element("img", "", { src: thumbnail, alt: title });
      const button = element("button", "", { type: "button", title }, [image]);
      button.addEventListener("click", async () => {
        try {
          await predictFile(await sample(url), title);
        } catch (error) {
          refuse(sentence(error.message));
        }
      });
      return button;
    }),
  );
  find("samples").hidden = offered.samples.length === 0;
}

const drop = find("drop");
for (const name of ["dragover", "drop"]) document.addEventListener(name, (event) => event.preventDefault());
document.addEventListener("dragover", () => drop.classList.add("over"));
for (const name of ["dragleave", "drop"]) document.addEventListener(name, () => drop.classList.remove("over"));
document.addEventListener("drop", (event) => predictFile(event.dataTransfer.files[0], "the photo"));
find("file").addEventListener("change", async (event) => {
  const [file] = event.target.files;
  await predictFile(file, "the photo");
  // So that choosing the same file again is a change.
  event.target.value = "";
});
find("camera").addEventListener("click", toggleCamera);
camera.onend = () => {
  stopCamera();
  say("The camera was switched off.", true);
};
document.addEventListener("visibilitychange", () => {
  if (!document.hidden || !camera.on) return;
  stopCamera();
  say("The camera is off, because this tab was hidden.");
});
find("previous").addEventListener("click", () => step(-1));
find("next").addEventListener("click", () => step(1));
find("copy").addEventListener("click", copyJson);
find("json-part").querySelector("details").addEventListener("toggle", showJson);

find("problem").textContent = sentence(find("problem").textContent);
showModel(JSON.parse(document.body.dataset.model));
find("key").addEventListener("change", showSamples);
if (document.body.dataset.needsKey === "true") showKey();
else showSamples();

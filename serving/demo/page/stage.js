// Shows an image, or the camera, and a button over each face.

import { element, find } from "./dom.js";
import { title } from "./wording.js";

const LABEL_HEIGHT = 0.06;
const LABEL_WIDTH = 0.2;
// Pixels; a narrower box has only its number, which covers no neighbour.
const ROOM_FOR_THE_AGE = 44;
// Times its own size that a small image is enlarged at most, and the part of the window's height that it takes.
const MAX_ENLARGEMENT = 2.5;
const MAX_HEIGHT = "72vh";

export class Stage {
  constructor(select) {
    this.select = select;
    this.canvas = find("canvas");
    this.video = find("video");
    this.boxes = find("boxes");
  }

  // Shows the image itself, or in its place the camera's, of which it is a frame.
  show(canvas, result, live) {
    this.canvas.width = canvas.width;
    this.canvas.height = canvas.height;
    this.canvas.getContext("2d").drawImage(canvas, 0, 0);
    this.setLive(live);
    const ratio = canvas.width / canvas.height;
    const enlarged = live ? "100%" : `${MAX_ENLARGEMENT * canvas.width}px`;
    find("stage").style.maxWidth = `min(calc(${MAX_HEIGHT} * ${ratio}), ${enlarged})`;
    this.place(result);
  }

  setLive(live) {
    this.video.hidden = !live;
    this.canvas.hidden = live;
  }

  // Moves the buttons to the faces; those that stay keep the keyboard's focus.
  place(result) {
    while (this.boxes.children.length > result.faces.length) this.boxes.lastChild.remove();
    while (this.boxes.children.length < result.faces.length) this.boxes.append(this.button(this.boxes.children.length));
    result.faces.forEach((face, index) => {
      const [x0, y0, x1, y1] = inside(face.box, result);
      const box = this.boxes.children[index];
      box.style.left = `${100 * x0}%`;
      box.style.top = `${100 * y0}%`;
      box.style.width = `${100 * (x1 - x0)}%`;
      box.style.height = `${100 * (y1 - y0)}%`;
      box.classList.toggle("low", y0 < LABEL_HEIGHT);
      box.classList.toggle("right", x0 > 1 - LABEL_WIDTH);
      box.setAttribute("aria-label", title(face, index));
      const hasRoom = (x1 - x0) * this.boxes.parentElement.clientWidth > ROOM_FOR_THE_AGE;
      const age = face.age === null || !hasRoom ? "" : `: ${Math.round(face.age)}`;
      box.firstChild.textContent = `${index + 1}${age}`;
    });
  }

  mark(selected) {
    [...this.boxes.children].forEach((box, index) => box.setAttribute("aria-pressed", index === selected));
  }

  button(index) {
    const box = element("button", "", { type: "button", class: "box", "aria-pressed": "false" });
    box.append(element("span", "", { "aria-hidden": "true" }));
    box.addEventListener("click", () => this.select(index));
    return box;
  }
}

// Returns the box as fractions of the image, of which a detector's box may reach outside.
function inside(box, { width, height }) {
  return box.map((edge, place) => Math.min(1, Math.max(0, edge / (place % 2 === 0 ? width : height))));
}

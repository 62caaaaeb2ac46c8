// Draws the distribution over ages as a curve, or over Adience's groups as bars, with the 80 % span in strong colour.

import { svg } from "./dom.js";
import { percent, span } from "./wording.js";

const WIDTH = 360;
const HEIGHT = 150;
const LEFT = 6;
const RIGHT = WIDTH - 6;
const TOP = 20;
const BOTTOM = HEIGHT - 34;

export function ageCurve(face, ageGroups) {
  const groups = face.age_probabilities.length === ageGroups.length;
  const parts = groups ? bars(face, ageGroups) : curve(face);
  const name = groups ? "Adience's age groups" : "years of age";
  return svg(
    "svg",
    { class: "curve", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": label(face, ageGroups, groups) },
    "",
    [
      ...parts,
      svg("line", { class: "axis", x1: LEFT, x2: RIGHT, y1: BOTTOM, y2: BOTTOM }),
      svg("text", { class: "middle", x: WIDTH / 2, y: HEIGHT - 4 }, name),
    ],
  );
}

function label(face, ageGroups, groups) {
  const highest = face.age_probabilities.indexOf(Math.max(...face.age_probabilities));
  const peak = groups ? `group ${ageGroups[highest]}` : `${highest} years`;
  return `Age distribution: ${span(face)}; most likely ${peak}, ${percent(face.age_probabilities[highest])}`;
}

function curve(face) {
  const probabilities = face.age_probabilities;
  const last = probabilities.length - 1;
  const highest = Math.max(...probabilities);
  const x = (age) => LEFT + ((RIGHT - LEFT) * age) / last;
  const y = (probability) => BOTTOM - ((BOTTOM - TOP) * probability) / highest;
  const points = (from, to) =>
    probabilities.slice(from, to + 1).map((probability, place) => [x(from + place), y(probability)]);
  const line = (list) => list.map(([px, py]) => `${px.toFixed(1)} ${py.toFixed(1)}`).join("L");
  const area = (from, to) => `M${line([[x(from), BOTTOM], ...points(from, to), [x(to), BOTTOM]])}Z`;
  const [low, high] = face.age_span;
  const ticks = [0, 20, 40, 60, 80, 100].filter((age) => age <= last);
  return [
    svg("path", { class: "whole", d: area(0, last) }),
    svg("path", { class: "span", d: area(low, high) }),
    svg("path", { class: "line", d: `M${line(points(0, last))}` }),
    svg("line", { class: "mean", x1: x(face.age), x2: x(face.age), y1: TOP - 6, y2: BOTTOM }),
    spanText((x(low) + x(high)) / 2, face),
    ...ticks.map((age) => svg("text", { class: anchor(age, last), x: x(age), y: BOTTOM + 13 }, String(age))),
  ];
}

function anchor(age, last) {
  if (age === 0) return "";
  return age === last ? "end" : "middle";
}

function bars(face, ageGroups) {
  const highest = Math.max(...face.age_probabilities);
  const step = (RIGHT - LEFT) / ageGroups.length;
  const [low, high] = face.age_span;
  const drawn = face.age_probabilities.flatMap((probability, number) => {
    const tall = ((BOTTOM - TOP) * probability) / highest;
    const [first, last] = ageGroups[number].split("-").map(Number);
    const kind = first >= low && last <= high ? "span" : "whole";
    const x = LEFT + number * step;
    return [
      svg("rect", { class: kind, x: x + 2, y: BOTTOM - tall, width: step - 4, height: tall }),
      svg("text", { class: "middle", x: x + step / 2, y: BOTTOM + 13 }, ageGroups[number]),
    ];
  });
  return [...drawn, spanText(WIDTH / 2, face)];
}

function spanText(middle, face) {
  const x = Math.min(RIGHT - 75, Math.max(LEFT + 75, middle));
  return svg("text", { class: "middle strong", x, y: 10 }, `80 %: ${face.age_span[0]} to ${face.age_span[1]} years`);
}

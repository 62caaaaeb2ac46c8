// Describes one face: its crop, age, distribution, gender and figures.

import { ageCurve } from "./age_curve.js";
import { definitions, element, find } from "./dom.js";
import { percent } from "./wording.js";

export function describeFace(face, index, total, ageGroups) {
  find("face-title").textContent = `Face ${index + 1} of ${total}`;
  find("previous").hidden = find("next").hidden = total < 2;
  const parts = [who(face)];
  // A model may predict the age or the gender alone.
  if (face.age !== null) parts.push(ageCurve(face, ageGroups));
  if (face.gender !== null) parts.push(...gender(face));
  const figures = element("dl");
  definitions(figures, [
    ["Mean age", face.age === null ? null : `${face.age.toFixed(1)} years`],
    ["Standard deviation", face.age === null ? null : `${face.age_deviation.toFixed(1)} years`],
    ["Most likely", face.age === null ? null : mostLikely(face, ageGroups)],
    ["Age group", face.age_group],
    ["Face detector's score", percent(face.score)],
    ["Size on the image", `${Math.round(face.box[2] - face.box[0])}x${Math.round(face.box[3] - face.box[1])} px`],
  ]);
  parts.push(figures);
  find("face").replaceChildren(...parts);
}

function mostLikely(face, ageGroups) {
  const probabilities = face.age_probabilities;
  const place = probabilities.indexOf(Math.max(...probabilities));
  const name = probabilities.length === ageGroups.length ? ageGroups[place] : place;
  return `${name} years (${percent(probabilities[place])})`;
}

function who(face) {
  const crop = element("img", "", { src: face.crop, alt: "The aligned crop of this face", width: 112, height: 112 });
  // Decoded before it is shown, or the live view would flicker.
  crop.decoding = "sync";
  const caption = element("figcaption", "What the network saw: turned, scaled and cut");
  const figure = element("figure", "", {}, [crop, caption]);
  return element("div", "", { class: "who" }, [figure, element("div", "", {}, age(face))]);
}

function age(face) {
  if (face.age === null) return [element("p", "This model predicts no age.", { class: "quiet" })];
  const number = element("p", "", { class: "age" });
  number.append(element("small", "about "), String(Math.round(face.age)), element("small", " years"));
  const [low, high] = face.age_span;
  return [number, element("p", `80 % of the prediction lies between ${low} and ${high} years.`, { class: "quiet" })];
}

function gender(face) {
  const male = face.gender_probability;
  const bar = element("div", "", { class: "gender", "aria-hidden": "true" }, [
    element("span", "", { class: "female" }),
    element("span", "", { class: "male" }),
  ]);
  bar.firstChild.style.width = `${100 * (1 - male)}%`;
  const end = (name, probability) =>
    element("span", "", {}, [element(face.gender === name ? "b" : "span", `${name} ${percent(probability)}`)]);
  return [
    element("h3", "Gender, as the data sets label it"),
    bar,
    element("div", "", { class: "ends" }, [end("female", 1 - male), end("male", male)]),
  ];
}

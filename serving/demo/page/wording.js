// Puts predictions into words, the same for the eye and for a screen reader.

export function sentence(text) {
  if (text === "") return "";
  const whole = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?…]$/.test(whole) ? whole : `${whole}.`;
}

export function count(number, one, many = `${one}s`) {
  return `${number} ${number === 1 ? one : many}`;
}

export function percent(fraction) {
  const rounded = Math.round(100 * fraction);
  // 99.6 % is not certainty.
  if (rounded === 100 && fraction < 1) return "over 99 %";
  if (rounded === 0 && fraction > 0) return "under 1 %";
  return `${rounded} %`;
}

export function genderProbability(face) {
  return face.gender === "male" ? face.gender_probability : 1 - face.gender_probability;
}

export function title(face, index) {
  const parts = [];
  if (face.age !== null) parts.push(`about ${Math.round(face.age)}`);
  if (face.gender !== null) parts.push(face.gender);
  return `Face ${index + 1}: ${parts.join(", ") || "no prediction"}`;
}

export function span(face) {
  return `80 % between ${face.age_span[0]} and ${face.age_span[1]} years`;
}

export function description(face, index) {
  const parts = [];
  if (face.age !== null) parts.push(`about ${Math.round(face.age)} years, ${span(face)}`);
  if (face.gender !== null) parts.push(`${face.gender}, ${percent(genderProbability(face))}`);
  return `Face ${index + 1}: ${parts.join("; ")}.`;
}

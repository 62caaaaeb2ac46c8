// Scales an image down in the browser, upright by its EXIF orientation.

const LONGEST_SIDE = 1280;
const LONGEST_SIDE_OF_A_FRAME = 640;
const QUALITY = 0.9;
// An image of this kind and size is sent as it is, so that its prediction is that of `visage predict`.
const SENT_AS_IT_IS = ["image/jpeg", "image/png", "image/webp", "image/gif", "image/bmp"];
const BYTES_SENT_AS_THEY_ARE = 1 << 20;

// Returns what to show and what to send; null if the browser cannot read the file as an image.
export async function prepare(file) {
  let whole;
  try {
    whole = await createImageBitmap(file, { imageOrientation: "from-image" });
  } catch {
    return null;
  }
  const { width, height } = whole;
  const scale = Math.min(1, LONGEST_SIDE / Math.max(width, height));
  const canvas = document.createElement("canvas");
  const bitmap = scale < 1 ? await resized(whole, scale) : whole;
  draw(canvas, bitmap, bitmap.width, bitmap.height);
  bitmap.close();
  const asItIs = scale === 1 && file.size <= BYTES_SENT_AS_THEY_ARE && SENT_AS_IT_IS.includes(file.type);
  return { canvas, body: asItIs ? file : await jpeg(canvas, QUALITY), original: { width, height } };
}

// Returns the video's present frame in the same form; mirrored, if that is how the video is shown.
export async function frame(video, mirrored) {
  const scale = Math.min(1, LONGEST_SIDE_OF_A_FRAME / Math.max(video.videoWidth, video.videoHeight));
  const canvas = document.createElement("canvas");
  draw(canvas, video, Math.round(video.videoWidth * scale), Math.round(video.videoHeight * scale), mirrored);
  return { canvas, body: await jpeg(canvas, QUALITY), original: null };
}

async function resized(bitmap, scale) {
  const resizeWidth = Math.max(1, Math.round(bitmap.width * scale));
  const resizeHeight = Math.max(1, Math.round(bitmap.height * scale));
  const smaller = await createImageBitmap(bitmap, { resizeWidth, resizeHeight, resizeQuality: "high" });
  bitmap.close();
  return smaller;
}

function draw(canvas, image, width, height, mirrored = false) {
  canvas.width = width;
  canvas.height = height;
  const context = canvas.getContext("2d");
  // The server blends a transparent image with white, too.
  context.fillStyle = "#fff";
  context.fillRect(0, 0, width, height);
  if (mirrored) context.setTransform(-1, 0, 0, 1, width, 0);
  context.drawImage(image, 0, 0, width, height);
}

function jpeg(canvas, quality) {
  return new Promise((resolve, reject) => {
    const done = (blob) => (blob ? resolve(blob) : reject(new Error("the image cannot be encoded")));
    canvas.toBlob(done, "image/jpeg", quality);
  });
}

'use strict';
// The network `faceres` of @vladmandic/human straight on the crop: node human.js MODEL_FOLDER

const fs = require('fs');
const path = require('path');
const { serve, tf } = require('./serve.js');

serve(async () => {
  const { modelTopology, weightsManifest } = JSON.parse(fs.readFileSync(path.join(process.argv[2], 'faceres.json')));
  const weightData = new Uint8Array(fs.readFileSync(path.join(process.argv[2], 'faceres.bin'))).buffer;
  const files = { load: async () => ({ modelTopology, weightSpecs: weightsManifest[0].weights, weightData }) };
  const faceres = await tf.loadGraphModel(files);
  const [, height, width] = faceres.inputs[0].shape;
  return async (pixels) => {
    const crop = tf.tidy(() => tf.image.resizeBilinear(tf.cast(tf.expandDims(pixels, 0), 'float32'), [height, width]));
    const outputs = faceres.execute(crop);
    const [male] = await outputs.find((one) => one.shape[1] === 1).data();
    const ages = await outputs.find((one) => one.shape[1] === 100).data();
    tf.dispose([crop, ...outputs]);
    return { age: expected(ages), male };
  };
});

/** Years out of 100 classes, as Human's own src/face/faceres.ts reads them. */
function expected(ages) {
  const top = ages.indexOf(Math.max(...ages));
  const [below, above] = [ages[top - 1] ?? 0, ages[top + 1] ?? 0];
  return Math.round(below > above ? 10 * top - 100 * below : 10 * top + 100 * above) / 10;
}

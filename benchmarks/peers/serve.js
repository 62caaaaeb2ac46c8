'use strict';

const path = require('path');
const readline = require('readline');
const sharp = require('sharp');
const tf = require('@tensorflow/tfjs');
const wasm = require('@tensorflow/tfjs-backend-wasm');

exports.tf = tf;

/**
 * Prints a line of JSON for each image whose path is a line of standard input.
 *
* `load` returns a function from pixels, int32 [height, width, 3] in 0..255, to { age, male }: years and a probability.
* `cpu` is the process's CPU time so far, user and system, in seconds.
 */
exports.serve = async (load) => {
  sharp.concurrency(1);
  wasm.setWasmPaths(`${path.dirname(require.resolve('@tensorflow/tfjs-backend-wasm'))}/`);
  await tf.setBackend('wasm');
  const estimate = await load();
  for await (const file of readline.createInterface({ input: process.stdin })) {
    const { data, info } = await sharp(file).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const pixels = tf.tensor3d(data, [info.height, info.width, 3], 'int32');
    const prediction = await estimate(pixels);
    pixels.dispose();
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ ...prediction, cpu: (user + system) / 1e6 }));
  }
};

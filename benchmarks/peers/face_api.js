'use strict';
// The age and gender network of @vladmandic/face-api straight on the crop: node face_api.js MODEL_FOLDER

const { ageGenderNet } = require('@vladmandic/face-api/dist/face-api.node-wasm.js').nets;
const { serve } = require('./serve.js');

serve(async () => {
  await ageGenderNet.loadFromDisk(process.argv[2]);
  return async (pixels) => {
    const { age, gender, genderProbability } = await ageGenderNet.predictAgeAndGender(pixels);
    return { age, male: gender === 'male' ? genderProbability : 1 - genderProbability };
  };
});

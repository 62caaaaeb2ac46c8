// Node's @grpc/grpc-js with the descriptors of visage/tf_serving_api/protos.binpb: status, metadata, predictions, errors.
//   node client.mjs HOST:GRPC_PORT PHOTO.jpg protos.binpb
import { readFileSync } from 'node:fs'
import grpc from '@grpc/grpc-js'
import loader from '@grpc/proto-loader'

const [address, photo, protos] = process.argv.slice(2)
const options = { keepCase: true, longs: String, enums: String, defaults: true, oneofs: true }
const definition = loader.loadFileDescriptorSetFromBuffer(readFileSync(protos), options)
const { tensorflow } = grpc.loadPackageDefinition(definition)
const credentials = grpc.credentials.createInsecure()
const prediction = new tensorflow.serving.PredictionService(address, credentials)
const model = new tensorflow.serving.ModelService(address, credentials)
const call = (client, method, request) => new Promise((resolve, reject) =>
  client[method](request, { deadline: Date.now() + 10000 }, (error, answer) => error ? reject(error) : resolve(answer)))

// proto-loader takes maps of a descriptor set as the lists of entries that they are on the wire.
const images = values => ({
  model_spec: { name: 'visage' },
  inputs: [{
    key: 'image_bytes',
    value: { dtype: 'DT_STRING', tensor_shape: { dim: [{ size: values.length }] }, string_val: values }
  }]
})
const outputs = answer => Object.fromEntries(answer.outputs.map(({ key, value }) => [key, value]))

const status = await call(model, 'GetModelStatus', { model_spec: { name: 'visage' } })
console.log('status', status.model_version_status.map(one => `${one.version} ${one.state}`).join(', '))
const request = { model_spec: { name: 'visage' }, metadata_field: ['signature_def'] }
const metadata = await call(prediction, 'GetModelMetadata', request)
console.log('metadata', metadata.model_spec.version.value, metadata.metadata.map(({ key }) => key))
const answer = await call(prediction, 'Predict', images([readFileSync(photo)]))
const { age, gender } = outputs(answer)
console.log('predict', answer.model_spec, 'age', age.float_val, 'gender', gender.string_val.map(String))
for (const wrong of [images([Buffer.from('hello')]), { ...images([]), model_spec: { name: 'nope' } }]) {
  try {
    await call(prediction, 'Predict', wrong)
  } catch (error) {
    console.log('error', error.code, error.details.split('\n')[0])
  }
}
const calls = Array.from({ length: 200 }, () => call(prediction, 'Predict', images([readFileSync(photo)])))
console.log('200 at once', (await Promise.all(calls)).length)

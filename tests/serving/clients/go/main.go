// A Go client without generated code: google.golang.org/grpc and dynamicpb, with the descriptors of
// visage/tf_serving_api/protos.binpb. It asks for status and predictions.
//
//	go run . HOST:GRPC_PORT PHOTO.jpg protos.binpb
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"
	"sync"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/health/grpc_health_v1"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/encoding/prototext"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/reflect/protodesc"
	"google.golang.org/protobuf/reflect/protoreflect"
	"google.golang.org/protobuf/reflect/protoregistry"
	"google.golang.org/protobuf/types/descriptorpb"
	"google.golang.org/protobuf/types/dynamicpb"
)

type client struct {
	connection *grpc.ClientConn
	files      *protoregistry.Files
}

func main() {
	address, photo, protos := os.Args[1], read(os.Args[2]), read(os.Args[3])
	set := new(descriptorpb.FileDescriptorSet)
	check(proto.Unmarshal(protos, set))
	files, err := protodesc.NewFiles(set)
	check(err)
	connection, err := grpc.NewClient(address, grpc.WithTransportCredentials(insecure.NewCredentials()))
	check(err)
	defer connection.Close()
	c := client{connection, files}

	health, err := grpc_health_v1.NewHealthClient(connection).Check(
		context.Background(), &grpc_health_v1.HealthCheckRequest{})
	check(err)
	fmt.Println("health", health.GetStatus())

	answer, err := c.call("ModelService", "GetModelStatus", `model_spec { name: "visage" }`)
	check(err)
	fmt.Println("status", oneLine(answer))

	answer, err = c.call("PredictionService", "Predict", predict("visage", photo, `output_filter: "age" output_filter: "gender"`))
	check(err)
	fmt.Println("predict", oneLine(answer))

	for _, wrong := range []string{predict("visage", []byte("hello"), ""), predict("nope", photo, "")} {
		_, err = c.call("PredictionService", "Predict", wrong)
		failed := status.Convert(err)
		fmt.Println("error", failed.Code(), strings.SplitN(failed.Message(), "\n", 2)[0])
	}

	var group sync.WaitGroup
	errors := make(chan error, 200)
	for range 200 {
		group.Go(func() {
			_, err := c.call("PredictionService", "Predict", predict("visage", photo, ""))
			errors <- err
		})
	}
	group.Wait()
	close(errors)
	answered := 0
	for err := range errors {
		check(err)
		answered++
	}
	fmt.Println("200 at once", answered)
}

// call sends a request in text format, and returns the response.
func (c client) call(service, name, text string) (proto.Message, error) {
	found, err := c.files.FindDescriptorByName(protoreflect.FullName("tensorflow.serving." + service))
	check(err)
	method := found.(protoreflect.ServiceDescriptor).Methods().ByName(protoreflect.Name(name))
	request, response := dynamicpb.NewMessage(method.Input()), dynamicpb.NewMessage(method.Output())
	check(prototext.UnmarshalOptions{Resolver: dynamicpb.NewTypes(c.files)}.Unmarshal([]byte(text), request))
	limited, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	return response, c.connection.Invoke(limited, "/tensorflow.serving."+service+"/"+name, request, response)
}

func predict(model string, image []byte, more string) string {
	var value strings.Builder
	for _, one := range image {
		fmt.Fprintf(&value, "\\%03o", one)
	}
	return fmt.Sprintf(`model_spec { name: %q } inputs { key: "image_bytes" value {
		dtype: DT_STRING tensor_shape { dim { size: 1 } } string_val: "%s" } } %s`, model, value.String(), more)
}

func oneLine(message proto.Message) string {
	return strings.Join(strings.Fields(prototext.Format(message)), " ")
}

func read(file string) []byte {
	content, err := os.ReadFile(file)
	check(err)
	return content
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

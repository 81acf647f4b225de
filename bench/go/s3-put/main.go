// s3-put FILE BUCKET KEY stores a file with one PutObject of the SDK, the payload unsigned.
package main

import (
	"context"
	"fmt"
	"os"

	"flyte-dataplane/bench/client"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func main() {
	if err := put(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "s3-put:", err)
		os.Exit(1)
	}
}

func put(name, bucket, key string) error {
	store, err := client.New(1)
	if err != nil {
		return err
	}
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	_, err = store.PutObject(context.Background(),
		&s3.PutObjectInput{Bucket: aws.String(bucket), Key: aws.String(key), Body: file},
		s3.WithAPIOptions(v4.SwapComputePayloadSHA256ForUnsignedPayloadMiddleware))
	return err
}

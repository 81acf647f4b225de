// s3-tree BUCKET PREFIX FOLDER lists a prefix and fetches its objects into a folder, sixteen at a time.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"

	"flyte-dataplane/bench/client"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

const lanes = 16

func main() {
	if err := tree(os.Args[1], os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, "s3-tree:", err)
		os.Exit(1)
	}
}

func tree(bucket, prefix, folder string) error {
	store, err := client.New(lanes)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancelCause(context.Background())
	defer cancel(nil)
	keys := make(chan string, lanes)
	var running sync.WaitGroup
	for range lanes {
		running.Add(1)
		go func() {
			defer running.Done()
			for key := range keys {
				name := filepath.Join(folder, strings.TrimPrefix(key, prefix))
				if err := fetch(ctx, store, bucket, key, name); err != nil {
					cancel(err)
				}
			}
		}()
	}
	if err := list(ctx, store, bucket, prefix, keys); err != nil {
		cancel(err)
	}
	close(keys)
	running.Wait()
	return context.Cause(ctx)
}

func list(ctx context.Context, store *s3.Client, bucket, prefix string, keys chan<- string) error {
	pages := s3.NewListObjectsV2Paginator(store,
		&s3.ListObjectsV2Input{Bucket: aws.String(bucket), Prefix: aws.String(prefix)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return err
		}
		for _, object := range page.Contents {
			keys <- aws.ToString(object.Key)
		}
	}
	return nil
}

func fetch(ctx context.Context, store *s3.Client, bucket, key, name string) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	object, err := store.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String(bucket), Key: aws.String(key)})
	if err != nil {
		return err
	}
	defer object.Body.Close()
	file, err := os.Create(name)
	if err != nil {
		return err
	}
	if _, err := io.Copy(file, object.Body); err != nil {
		return err
	}
	return file.Close()
}

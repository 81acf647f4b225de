// Package client makes the S3 client of the programs here, from the variables that the SDKs share.
package client

import (
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// New returns a client with path-style addresses; BENCH_CA names a file of authorities in PEM.
func New(connections int) (*s3.Client, error) {
	transport := &http.Transport{MaxIdleConnsPerHost: connections, DisableCompression: true}
	if name := os.Getenv("BENCH_CA"); name != "" {
		pem, err := os.ReadFile(name)
		if err != nil {
			return nil, err
		}
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s holds no certificate", name)
		}
		transport.TLSClientConfig = &tls.Config{RootCAs: roots}
	}
	return s3.New(s3.Options{
		BaseEndpoint: aws.String(os.Getenv("AWS_ENDPOINT_URL_S3")),
		Region:       os.Getenv("AWS_REGION"),
		UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(
			os.Getenv("AWS_ACCESS_KEY_ID"), os.Getenv("AWS_SECRET_ACCESS_KEY"), ""),
		HTTPClient: &http.Client{Transport: transport},
		// All clients here do the same work: no checksum is asked for, so none is computed.
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenRequired,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenRequired,
	}), nil
}

// Every generated file imports this one, for its effect: strings leave a message exactly as they came into it.
// The decoder that @bufbuild/protobuf makes for itself takes a leading U+FEFF for a byte order mark and drops it, so that
// a name, a path or an input that begins with one would be another after it was passed on, under another hash.
import { configureTextEncoding, getTextEncoding } from "@bufbuild/protobuf/wire";

const lenient = new TextDecoder("utf-8", { ignoreBOM: true });
const strict = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

configureTextEncoding({
  ...getTextEncoding(),
  decodeUtf8: (bytes, validate) => (validate ? strict : lenient).decode(bytes),
});

import { create, toBinary } from "@bufbuild/protobuf";
import { joinUri } from "@flyte-dataplane/core";
import { type Literal, LiteralMapSchema } from "@flyte-dataplane/proto/flyteidl2/core/literals";
import { writeObject } from "@flyte-dataplane/storage";
import { type ErrorPlace, removeReports } from "../error-report.ts";

export interface PublishOptions extends ErrorPlace {
  /** Object name of the outputs message. */
  readonly metaOutputName: string;
  readonly signal?: AbortSignal;
}

/**
 * Announces the outputs, after all their data is stored. What an earlier pod of the attempt reported goes first: whoever
 * finds an error document beside outputs believes the error.
 */
export async function publish(literals: Readonly<Record<string, Literal>>, options: PublishOptions): Promise<void> {
  const { stores, outputPrefix, metaOutputName, signal } = options;
  await removeReports(options, signal);
  const message = toBinary(LiteralMapSchema, create(LiteralMapSchema, { literals }));
  await writeObject(stores, joinUri(outputPrefix, metaOutputName), message, signal === undefined ? {} : { signal });
}

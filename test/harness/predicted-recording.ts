import { type Canonical, canonical } from "./canonical.ts";
import type { Case, Dialect, Expected, TreeExpectation, World } from "./case.ts";
import { provenBy, type Recording } from "./recording.ts";

/**
 * What the contract predicts, in the form of a recording, as far as it predicts it: so that the declared differences of two
 * programs can be held against the contract alone.
 */
export function predictedRecording(cases: readonly Case[], dialect: Dialect): Recording {
  const predicted = cases
    .filter(({ dialects }) => dialects.length === 2)
    .map((one) => [one.name, ofExpected(one.plan(nowhere(dialect, one)).expect)] as const);
  return {
    harness: 1,
    program: "the contract",
    dialect,
    cases: Object.fromEntries(predicted),
    proves: provenBy(cases),
  };
}

function ofExpected({ status, local, remote }: Expected): Canonical {
  return canonical({
    status,
    ...(local?.whole === true && { local: local.entries }),
    ...(remote?.whole === true && { remote: documentsOf(remote) }),
  });
}

/** Of error documents what the contract fixes. */
function documentsOf({ entries }: TreeExpectation): unknown {
  return Object.fromEntries(
    Object.entries(entries).map(([key, entry]) => {
      if (entry?.is !== "error like") return [key, entry];
      const { code, kind, origin } = entry;
      return [key, { is: "error", code, kind, origin }];
    }),
  );
}

/** Places that are none, the same for both dialects. */
function nowhere(dialect: Dialect, { store }: Case): World {
  const base = "s3://bucket/c/0";
  return {
    dialect,
    work: "/work",
    base,
    locate(place) {
      if ("key" in place) return `${base}/${place.key}`;
      if ("other" in place) return `s3://other/${place.other}`;
      return "web" in place ? `http://web${place.web}` : place.uri.replaceAll("{base}", base);
    },
    store: {
      kind: store === "files" ? "files" : "s3",
      bucket: "bucket",
      otherBucket: "other",
      endpoint: "http://store",
      region: "us-east-1",
      accessKeyId: "id",
      secretKey: "secret",
    },
  };
}

import { create } from "@bufbuild/protobuf";
import { DataPlaneError } from "@flyte-dataplane/core";
import {
  AuthMetadataService,
  GetPublicClientConfigResponseSchema,
} from "@flyte-dataplane/proto/flyteidl2/auth/auth_service";
import { IdentityService, UserInfoResponseSchema } from "@flyte-dataplane/proto/flyteidl2/auth/identity";
import { type RpcService, rpc } from "@flyte-dataplane/runtime/server";
import type { ApiConfig } from "../config.ts";
import { callerOf } from "./caller.ts";

/** `UserInfo` answers who the headers say the caller is, `unauthenticated` when they name nobody. */
export function identityService(config: ApiConfig): RpcService {
  return rpc(IdentityService, {
    userInfo: (_request, context) => {
      const caller = callerOf(config, context.requestHeader);
      if (caller === undefined) {
        throw new DataPlaneError("unauthenticated", "user info: the request names no user", { origin: "user" });
      }
      return create(UserInfoResponseSchema, {
        subject: caller.subject,
        name: `${caller.givenName} ${caller.familyName}`.trim(),
        givenName: caller.givenName,
        familyName: caller.familyName,
        email: caller.email,
      });
    },
  });
}

/** What a public client must know to log in. The external server's metadata document is not relayed yet. */
export function authMetadataService(config: ApiConfig): RpcService {
  const { authorizationMetadataKey, flyteClient } = config.authMetadata;
  return rpc(AuthMetadataService, {
    getPublicClientConfig: () =>
      create(GetPublicClientConfigResponseSchema, {
        clientId: flyteClient.clientId,
        redirectUri: flyteClient.redirectUri,
        scopes: [...flyteClient.scopes],
        audience: flyteClient.audience,
        authorizationMetadataKey,
      }),
  });
}

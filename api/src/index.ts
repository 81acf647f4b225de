export { type ApiOptions, createApi } from "./api.ts";
export { type ApiConfig, apiSection, type DomainConfig } from "./config.ts";
export { apiMigrations, apiSchema } from "./schema/migrations.ts";

declare module "virtual:card-validator" {
  interface SchemaError {
    readonly instancePath: string;
    readonly message?: string;
  }
  const validate: { (value: unknown): boolean; errors?: readonly SchemaError[] | null };
  export default validate;
}

declare module "virtual:pretrained-bundle" {
  /** Address of the built-in bundle, relative to the page, with a slash at its end. */
  export const bundlePath: string;
}

declare module "virtual:demo-songs" {
  /** Songs beside the page; empty where none were made. */
  export const demoSongs: readonly { readonly file: string; readonly title: string; readonly credit: string }[];
}

declare module "*/palette.json" {
  const palette: { readonly colours: Readonly<Record<string, string>>; readonly slots: Readonly<Record<string, number>> };
  export default palette;
}

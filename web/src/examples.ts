/** The songs behind "Try an example". */

export interface DemoSong {
  readonly file: string;
  readonly title: string;
  /** by whom, and under which licence; or what it is */
  readonly credit: string;
}

export interface Example {
  readonly file: File;
  readonly credit: string;
}

/** The first of these that can be had: without a network one that was heard before. @returns null if there is none */
export async function firstToBeHad(demos: readonly DemoSong[]): Promise<Example | null> {
  for (const demo of demos) {
    const file = await fetched(demo).catch(() => null);
    if (file) return { file, credit: demo.credit };
  }
  return null;
}

async function fetched({ file, title }: DemoSong): Promise<File> {
  const response = await fetch(file);
  if (!response.ok) throw new Error(String(response.status));
  return new File([await response.blob()], `${title}.${file.split(".").pop()}`, { type: response.headers.get("content-type") ?? "" });
}

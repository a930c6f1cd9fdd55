import { expect, it } from "vitest";
import { openFlac } from "./flac.ts";

/** 16 bits: 16384, -16384, 8192, 0, sixteen times over; written by libsndfile. */
const FLAC = "ZkxhQwAAACIQABAAAAAkAAAkBWIg8AAAAEB6wNOEhnGy7pDe0SDplljzhAAAKCAAAAByZWZlcmVuY2UgbGliRkxBQyAxLjQuMyAyMDIzMDYyMwAAAAD/+GYIAD9yQQAKtdVoAZDkOQ5DkOQ5DkOQ5DkOQ5DkOQ5AElk=";

it("gives flac the full scale that every other format has", async () => {
  const source = (await openFlac(new Blob([Uint8Array.from(atob(FLAC), (c) => c.charCodeAt(0))]), 0))!;
  const heard: number[] = [];
  for await (const planes of source.planes()) heard.push(...planes.channels[0]);
  expect(heard).toHaveLength(64);
  [0.5, -0.5, 0.25, 0].forEach((value, i) => expect(heard[60 + i]).toBeCloseTo(value, 7));
  source.close();
});

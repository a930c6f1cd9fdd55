import { describe, expect, it, vi } from "vitest";
import { FakeWorker } from "../testing/fakes.ts";
import { smallCard } from "../testing/small-card.ts";
import { ListeningWorker, type RunEvents } from "./client.ts";

function setUp() {
  const fake = new FakeWorker();
  const events = () => ({ heard: vi.fn(), finished: vi.fn(), failed: vi.fn(), opened: vi.fn(), decodeYourself: vi.fn() }) satisfies RunEvents;
  return { fake, worker: new ListeningWorker(fake), events };
}

const heard = (run: number) => ({ type: "heard", run, first: 0, count: 0, logits: new Float32Array(0), levels: new Float32Array(0), peaks: new Float32Array(0), capturedAt: null }) as const;
const finished = (run: number) => ({ type: "finished", run, durationS: 1, remarks: [], kept: null, spent: { decoding: 0, resampling: 0, mel: 0, network: 0 } }) as const;

describe("ListeningWorker", () => {
  it("resolves with the card of a bundle that was accepted", async () => {
    const { fake, worker } = setUp();
    const loading = worker.load({ kind: "pretrained", base: "x" });
    fake.say({ type: "loaded", card: smallCard(), golden: null });
    expect((await loading).name).toBe("small");
  });

  it("rejects with the sentence of one that was refused", async () => {
    const { fake, worker } = setUp();
    const loading = worker.load({ kind: "pretrained", base: "x" });
    fake.say({ type: "load-failed", sentence: "It is damaged." });
    await expect(loading).rejects.toThrow("It is damaged.");
  });

  it("passes on nothing of a recording that another has replaced", () => {
    const { fake, worker, events } = setUp();
    const [first, second] = [events(), events()];
    const old = worker.openFile(new Blob(), "a", first);
    worker.openFile(new Blob(), "b", second);
    fake.say(heard(1));
    fake.say(finished(1));
    fake.say(heard(2));
    expect(first.heard).not.toHaveBeenCalled();
    expect(first.finished).not.toHaveBeenCalled();
    expect(second.heard).toHaveBeenCalledTimes(1);
    old.stop();
    expect(fake.sent.filter((message) => message.type === "stop")).toEqual([]);
  });

  it("passes on nothing after the end", () => {
    const { fake, worker, events } = setUp();
    const one = events();
    worker.openFile(new Blob(), "a", one);
    fake.say(finished(1));
    fake.say(heard(1));
    expect(one.finished).toHaveBeenCalledTimes(1);
    expect(one.heard).not.toHaveBeenCalled();
  });

  it("lets the page decode what the worker cannot, a piece at a time", async () => {
    const { fake, worker, events } = setUp();
    const one = events();
    const run = worker.openFile(new Blob(), "a", one);
    const hints = { sampleRate: 44100, delayS: 0, statedS: null, lateS: 0 };
    fake.say({ type: "decode-yourself", run: 1, hints });
    expect(one.decodeYourself).toHaveBeenCalledWith(hints);
    const planes = { channels: [new Float32Array(10)], sampleRate: 44100 };
    const first = run.feed("a", planes);
    fake.say({ type: "took", run: 1 });
    expect(await first).toBe(true);
    const second = run.feed("a", planes);
    run.stop();
    expect(await second).toBe(false);
    expect(fake.sent.map((message) => message.type)).toEqual(["open", "samples", "samples", "stop"]);
  });

  it("turns a crash into a sentence", () => {
    const { fake, worker, events } = setUp();
    const one = events();
    worker.openFile(new Blob(), "a", one);
    fake.crash("out of memory");
    expect(one.failed).toHaveBeenCalledWith(expect.stringContaining("out of memory"));
  });
});

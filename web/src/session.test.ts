import { describe, expect, it, vi } from "vitest";
import type { Hints } from "../core/audio/sound.ts";
import { CaptureError, type WebAudio } from "../core/audio/web-audio.ts";
import { Session, type SessionEvents } from "./session.ts";
import { fakeAudio, FakeCapture, FakeWorker } from "../core/testing/fakes.ts";
import { smallCard } from "../core/testing/small-card.ts";
import { ListeningWorker } from "../core/worker/client.ts";

const card = smallCard();

function setUp(changes: Partial<WebAudio> = {}) {
  const worker = new FakeWorker();
  const audio = fakeAudio(changes);
  const events = {
    begun: vi.fn(), resumed: vi.fn(), heard: vi.fn(), finished: vi.fn(), silenced: vi.fn(), emptied: vi.fn(), said: vi.fn(), failed: vi.fn(),
  } satisfies SessionEvents;
  return { worker, audio, events, session: new Session(new ListeningWorker(worker), audio, events) };
}

const steps = (run: number, count: number) => ({
  type: "heard", run, first: 0, count, logits: new Float32Array(count * 3), levels: new Float32Array(count).fill(-20),
  peaks: new Float32Array(count), capturedAt: null,
}) as const;
const finished = (run: number, remarks: readonly string[] = []) => ({
  type: "finished", run, durationS: 2, remarks, kept: null, spent: { decoding: 0, resampling: 0, mel: 0, network: 0 },
}) as const;
const song = (name = "song.mp3", contents = "sound") => new File([contents], name);

/** A promise that the test keeps or breaks when it likes. */
function later<T>() {
  let keep!: (value: T) => void;
  const promise = new Promise<T>((resolve) => (keep = resolve));
  return { promise, keep };
}

describe("a file", () => {
  it("is heard to its end", async () => {
    const { worker, events, session } = setUp();
    await session.hearFile(song(), card);
    worker.say({ type: "opened", run: 1, expectedS: 2.5 });
    expect(events.begun).not.toHaveBeenCalled();
    worker.say(steps(1, 2));
    expect(events.begun).toHaveBeenCalledOnce();
    expect(session.recording!.durationS).toBe(2.5);
    worker.say(finished(1, ["It breaks off.", "It is damaged."]));
    expect(session.recording!.durationS).toBe(2);
    expect(events.finished).toHaveBeenCalledOnce();
    expect(events.said).toHaveBeenLastCalledWith("It breaks off. It is damaged.");
    expect(events.failed).not.toHaveBeenCalled();
  });

  it("that is too short for a step leaves an empty page and a sentence", async () => {
    const { worker, events, session } = setUp();
    await session.hearFile(song("blip.wav"), card);
    worker.say(finished(1));
    expect(session.recording).toBe(null);
    expect(events.begun).not.toHaveBeenCalled();
    expect(events.failed).toHaveBeenLastCalledWith(expect.stringMatching(/^blip.wav is too short: the model needs at least 0.2 s/));
  });

  it("keeps its curve when it breaks off with an error", async () => {
    const { worker, events, session } = setUp();
    await session.hearFile(song(), card);
    worker.say(steps(1, 2));
    worker.say({ type: "failed", run: 1, sentence: "It changes its sampling rate midway." });
    expect(session.recording!.curve.nSteps).toBe(2);
    expect(events.failed).toHaveBeenLastCalledWith("It changes its sampling rate midway.");
  });

  const hints = (changes: Partial<Hints> = {}): Hints => ({ sampleRate: null, delayS: 0, statedS: null, lateS: 0, ...changes });
  /** A worker that hears whatever it is given at once. */
  const attentive = (worker: FakeWorker) => {
    const post = worker.postMessage.bind(worker);
    worker.postMessage = (message) => {
      post(message);
      if (message.type === "samples") queueMicrotask(() => worker.say({ type: "took", run: message.run }));
    };
  };
  const handedOver = (worker: FakeWorker) =>
    worker.sent.reduce((sum, message) => sum + (message.type === "samples" ? message.planes.channels[0].length : 0), 0);

  it("is decoded by the page where the worker cannot, in pieces, at a rate that every browser takes", async () => {
    const { worker, audio, session } = setUp({ decodeWhole: async () => [new Float32Array(25 * 44100), new Float32Array(25 * 44100)] });
    attentive(worker);
    const decodeWhole = vi.spyOn(audio, "decodeWhole");
    await session.hearFile(song(), card);
    worker.say({ type: "decode-yourself", run: 1, hints: hints({ sampleRate: 384_000 }) });
    await vi.waitFor(() => expect(worker.sent.at(-1)!.type).toBe("end"));
    expect(decodeWhole).toHaveBeenCalledWith(expect.anything(), 44100);
    expect(worker.sent.map((message) => message.type)).toEqual(["open", "samples", "samples", "samples", "end"]);
    expect(handedOver(worker)).toBe(25 * 44100);
  });

  it.each([["left in", 10.1, 10], ["cut", 10, 10]])("decoded by a browser that has the encoder's delay %s is as long as it says", async (_, decodedS, heardS) => {
    const { worker, session } = setUp({ decodeWhole: async () => [new Float32Array(decodedS * 44100)] });
    attentive(worker);
    await session.hearFile(song("song.m4a"), card);
    worker.say({ type: "decode-yourself", run: 1, hints: hints({ sampleRate: 44100, delayS: 0.1, statedS: 10 }) });
    await vi.waitFor(() => expect(worker.sent.at(-1)!.type).toBe("end"));
    expect(handedOver(worker)).toBe(heardS * 44100);
  });

  it("that no part of the browser can read is named in a sentence", async () => {
    const { worker, events, session } = setUp({ decodeWhole: async () => Promise.reject(new Error("unknown")) });
    await session.hearFile(song("notes.txt"), card);
    worker.say({ type: "decode-yourself", run: 1, hints: hints() });
    await vi.waitFor(() => expect(events.failed).toHaveBeenCalledWith(expect.stringContaining("notes.txt is not a sound file")));
    expect(session.recording).toBe(null);
  });

  it("that was replaced says no more", async () => {
    const { worker, events, session } = setUp();
    await session.hearFile(song("first.mp3"), card);
    await session.hearFile(song("second.mp3"), card);
    expect(worker.sent.map((message) => message.type)).toEqual(["open", "stop", "open"]);
    worker.say(steps(1, 2));
    worker.say(finished(1));
    expect(events.heard).not.toHaveBeenCalled();
    worker.say(steps(2, 2));
    expect(session.recording!.name).toBe("second.mp3");
  });

  it("that is no sound lets the song be heard that had to stop for it", async () => {
    const { worker, events, session } = setUp();
    await session.hearFile(song("first.mp3"), card);
    worker.say(steps(1, 2));
    await session.hearFile(song("notes.txt"), card);
    worker.say({ type: "failed", run: 2, sentence: "It is no sound." });
    expect(events.failed).toHaveBeenLastCalledWith("It is no sound.");
    expect(worker.sent.at(-1)).toMatchObject({ type: "open", name: "first.mp3" });
    worker.say(steps(3, 4));
    worker.say(finished(3));
    expect(events.begun).toHaveBeenCalledOnce();
    expect(events.resumed).toHaveBeenCalledExactlyOnceWith(session.recording);
    expect(session.recording!.curve.nSteps).toBe(4);
    expect(session.recording!.finished).toBe(true);
  });

  it("that is no sound leaves the song that was heard before", async () => {
    const { worker, events, session } = setUp();
    await session.hearFile(song("first.mp3"), card);
    worker.say(steps(1, 2));
    worker.say(finished(1));
    await session.hearFile(song("notes.txt"), card);
    worker.say({ type: "failed", run: 2, sentence: "It is no sound." });
    expect(events.failed).toHaveBeenLastCalledWith("It is no sound.");
    expect(events.emptied).not.toHaveBeenCalled();
    expect(session.recording!.name).toBe("first.mp3");
    expect(session.recording!.finished).toBe(true);
  });
});

describe("live sound", () => {
  it("flows until it is stopped, and what was heard stays", async () => {
    const capture = new FakeCapture();
    const { worker, events, session } = setUp({ captureMicrophone: async () => capture });
    await session.hearLive("microphone", Promise.resolve(card));
    expect(session.isLive).toBe(true);
    expect(events.said).not.toHaveBeenCalledWith(expect.stringContaining("Loading"));
    worker.say(steps(1, 3));
    await session.stop();
    expect(capture.closed).toBe(true);
    expect(events.silenced).toHaveBeenCalledOnce();
    worker.say(finished(1));
    expect(session.recording!.curve.nSteps).toBe(3);
    expect(session.recording!.finished).toBe(true);
  });

  it("that is not allowed is explained, and the last recording stays", async () => {
    const { worker, events, session } = setUp({ captureMicrophone: async () => Promise.reject(new CaptureError("Allow it.")) });
    await session.hearFile(song(), card);
    worker.say(steps(1, 1));
    worker.say(finished(1));
    await session.hearLive("microphone", card);
    expect(events.failed).toHaveBeenLastCalledWith("Allow it.");
    expect(session.isLive).toBe(false);
    expect(session.recording!.name).toBe("song.mp3");
  });

  it("that is not allowed leaves a file to be heard on", async () => {
    const { worker, events, session } = setUp({ captureMicrophone: async () => Promise.reject(new CaptureError("Allow it.")) });
    await session.hearFile(song(), card);
    worker.say(steps(1, 1));
    await session.hearLive("microphone", card);
    expect(worker.sent.map((message) => message.type)).toEqual(["open"]);
    worker.say(finished(1));
    expect(events.finished).toHaveBeenCalledOnce();
  });

  it("that is allowed only after something else was chosen is closed again", async () => {
    const capture = new FakeCapture();
    const permission = later<FakeCapture>();
    const { worker, events, session } = setUp({ captureMicrophone: () => permission.promise });
    const asked = session.hearLive("microphone", card);
    await vi.waitFor(() => expect(events.said).toHaveBeenCalledWith(expect.stringContaining("Waiting for the microphone")));
    await session.hearFile(song(), card);
    worker.say(steps(1, 2));
    permission.keep(capture);
    await asked;
    expect(capture.closed).toBe(true);
    expect(session.recording!.name).toBe("song.mp3");
    expect(events.begun).toHaveBeenCalledOnce();
  });

  it("that goes away is told, and can begin again", async () => {
    const captures = [new FakeCapture(), new FakeCapture()];
    let next = 0;
    const { worker, events, session } = setUp({ captureMicrophone: async () => captures[next++] });
    await session.hearLive("microphone", card);
    worker.say(steps(1, 2));
    captures[0].onended!();
    await vi.waitFor(() => expect(captures[0].closed).toBe(true));
    expect(events.failed).toHaveBeenCalledWith(expect.stringContaining("Fake device ended: it was unplugged"));
    expect(session.recording!.curve.nSteps).toBe(2);
    await session.hearLive("microphone", card);
    expect(session.isLive).toBe(true);
  });

  it("that the browser holds back asks for a click, and a click lets it in", async () => {
    const capture = new FakeCapture();
    capture.locked = true;
    const { events, session } = setUp({ captureTab: async () => capture });
    await session.hearLive("tab", card);
    await vi.waitFor(() => expect(events.said).toHaveBeenLastCalledWith(expect.stringContaining("holding the sound back"), true));
    await session.unlock();
    expect(events.said).toHaveBeenLastCalledWith("Listening to Fake device");
    capture.lock(true);
    await vi.waitFor(() => expect(events.said).toHaveBeenLastCalledWith(expect.stringContaining("holding the sound back"), true));
  });

  it("is asked for at once, and heard when the model is there", async () => {
    const capture = new FakeCapture();
    const model = later<typeof card | null>();
    const { worker, events, session } = setUp({ captureMicrophone: async () => capture });
    const asked = session.hearLive("microphone", model.promise);
    await vi.waitFor(() => expect(events.said).toHaveBeenLastCalledWith("Loading the model, then the microphone is heard …"));
    expect(session.isLive).toBe(false);
    expect(worker.sent).toEqual([]);
    model.keep(card);
    await asked;
    expect(session.isLive).toBe(true);
    expect(capture.closed).toBe(false);
  });

  it("is let go where the model never comes", async () => {
    const capture = new FakeCapture();
    const { events, session } = setUp({ captureMicrophone: async () => capture });
    await session.hearLive("microphone", Promise.resolve(null));
    expect(capture.closed).toBe(true);
    expect(events.begun).not.toHaveBeenCalled();
  });

  it("is kept to its end when a file comes that is no sound", async () => {
    const { worker, events, session } = setUp({ captureMicrophone: async () => new FakeCapture() });
    await session.hearLive("microphone", card);
    worker.say(steps(1, 3));
    const chosen = session.hearFile(song("notes.txt"), card);
    await vi.waitFor(() => expect(worker.sent.at(-1)!.type).toBe("stop"));
    worker.say(finished(1));
    await chosen;
    worker.say({ type: "failed", run: 2, sentence: "It is no sound." });
    expect(events.finished).toHaveBeenCalledOnce();
    expect(session.recording!.finished).toBe(true);
    expect(session.recording!.live).toBe(true);
    expect(events.failed).toHaveBeenLastCalledWith("It is no sound.");
  });

  it("that cannot flow because the machine has no output is not asked a click for", async () => {
    const capture = new FakeCapture();
    capture.locked = true;
    const { events, session } = setUp({ captureMicrophone: async () => capture, hasOutput: async () => false });
    await session.hearLive("microphone", card);
    await vi.waitFor(() => expect(events.said).toHaveBeenLastCalledWith(expect.stringContaining("has no sound output"), true));
  });

  it("lets its device go when the worker stops working", async () => {
    const capture = new FakeCapture();
    const { worker, events, session } = setUp({ captureMicrophone: async () => capture });
    await session.hearLive("microphone", card);
    worker.say(steps(1, 1));
    worker.crash("out of memory");
    await vi.waitFor(() => expect(capture.closed).toBe(true));
    expect(events.failed).toHaveBeenLastCalledWith(expect.stringContaining("out of memory"));
  });
});

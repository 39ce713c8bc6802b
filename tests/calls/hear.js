// Hears a stream for a test: loudest frequency and peak of what comes just now.

export async function listen(stream) {
  const context = new AudioContext({ sampleRate: 48000 });
  const analyser = new AnalyserNode(context, { fftSize: 16384, smoothingTimeConstant: 0 });
  context.createMediaStreamSource(stream).connect(analyser);
  await context.resume();
  const bins = new Float32Array(analyser.frequencyBinCount);
  const wave = new Float32Array(2048);
  return () => {
    analyser.getFloatFrequencyData(bins);
    analyser.getFloatTimeDomainData(wave);
    const loudest = bins.reduce((best, level, at) => (level > bins[best] ? at : best), 0);
    const peak = wave.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
    return { hz: (loudest * 48000) / 16384, peak };
  };
}

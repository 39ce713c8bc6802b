/* An ALSA plug-in that is a sound card for tests: it takes and gives silence in real time, and does what
 * files next to its name say: NAME.gone: it has been unplugged; NAME.busy: another program has it;
 * NAME.stalled: it stands still; NAME.broken: it opens, and moves nothing (EIO); NAME.slow: it takes 0.8 s to be set up, and as long to be let go, as a
 * Bluetooth headset does.
 * What is played is recorded by ALSA's own plug-in "file" on top of it, and what is captured comes
 * from there. */

#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

typedef struct {
  snd_pcm_ioplug_t io;
  char *name;
  double moved, looked; /* for how long it has run, and until when that was counted */
} card_t;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static int is_set(const card_t *card, const char *what) {
  char path[512];
  snprintf(path, sizeof path, "%s.%s", card->name, what);
  return access(path, F_OK) == 0;
}

/* Frames that the hardware has moved since the start. */
static snd_pcm_sframes_t position(card_t *card) {
  if (card->io.state != SND_PCM_STATE_RUNNING && card->io.state != SND_PCM_STATE_DRAINING) return 0;
  double time = now();
  if (!is_set(card, "stalled")) card->moved += time - card->looked;
  card->looked = time;
  return card->moved * card->io.rate;
}

static snd_pcm_sframes_t pointer(snd_pcm_ioplug_t *io) {
  card_t *card = io->private_data;
  if (is_set(card, "gone")) {
    snd_pcm_ioplug_set_state(io, SND_PCM_STATE_DISCONNECTED);
    return -ENODEV;
  }
  snd_pcm_sframes_t at = position(card);
  snd_pcm_sframes_t taken = io->appl_ptr;
  int is_playback = io->stream == SND_PCM_STREAM_PLAYBACK;
  if (is_playback ? at > taken : at - taken > (snd_pcm_sframes_t)io->buffer_size) return -EPIPE;
  return at;
}

static int start(snd_pcm_ioplug_t *io) {
  card_t *card = io->private_data;
  card->moved = 0;
  card->looked = now();
  return 0;
}

static int stop(snd_pcm_ioplug_t *io) { return 0; }

static int prepare(snd_pcm_ioplug_t *io) { return is_set(io->private_data, "gone") ? -ENODEV : 0; }

static snd_pcm_sframes_t transfer(snd_pcm_ioplug_t *io, const snd_pcm_channel_area_t *areas,
                                  snd_pcm_uframes_t offset, snd_pcm_uframes_t size) {
  if (is_set(io->private_data, "broken")) return -EIO;
  if (io->stream == SND_PCM_STREAM_CAPTURE)
    snd_pcm_areas_silence(areas, offset, io->channels, size, io->format);
  return size;
}

static int poll_revents(snd_pcm_ioplug_t *io, struct pollfd *fds, unsigned int count,
                        unsigned short *revents) {
  uint64_t ticks;
  if (read(io->poll_fd, &ticks, sizeof ticks) < 0 && errno != EAGAIN) return -errno;
  snd_pcm_sframes_t avail = snd_pcm_avail_update(io->pcm);
  int is_playback = io->stream == SND_PCM_STREAM_PLAYBACK;
  *revents = 0;
  if (avail < 0) *revents = POLLERR;
  else if (avail >= (snd_pcm_sframes_t)io->period_size) *revents = is_playback ? POLLOUT : POLLIN;
  return 0;
}

static void take_time(const card_t *card) {
  if (is_set(card, "slow")) usleep(800000);
}

static int hw_params(snd_pcm_ioplug_t *io, snd_pcm_hw_params_t *params) {
  take_time(io->private_data);
  return 0;
}

static int card_close(snd_pcm_ioplug_t *io) {
  card_t *card = io->private_data;
  take_time(card);
  close(io->poll_fd);
  free(card->name);
  free(card);
  return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
    .hw_params = hw_params, .start = start, .stop = stop, .pointer = pointer, .prepare = prepare,
    .transfer = transfer, .poll_revents = poll_revents, .close = card_close,
};

static int set_limits(card_t *card, unsigned int rate, unsigned int channels) {
  static const unsigned int access[] = {SND_PCM_ACCESS_MMAP_INTERLEAVED, SND_PCM_ACCESS_RW_INTERLEAVED};
  static const unsigned int format[] = {SND_PCM_FORMAT_S16_LE};
  snd_pcm_ioplug_t *io = &card->io;
  unsigned int frame = 2 * channels;
  int error = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_ACCESS, 2, access);
  if (!error) error = snd_pcm_ioplug_set_param_list(io, SND_PCM_IOPLUG_HW_FORMAT, 1, format);
  if (!error)
    error = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_CHANNELS, channels, channels);
  if (!error) error = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_RATE, rate, rate);
  if (!error)
    error = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, 64 * frame, 48000 * frame);
  if (!error) error = snd_pcm_ioplug_set_param_minmax(io, SND_PCM_IOPLUG_HW_PERIODS, 2, 64);
  return error;
}

SND_PCM_PLUGIN_DEFINE_FUNC(testcard) {
  const char *path = NULL;
  long rate = 48000, channels = 1;
  snd_config_iterator_t i, next;
  snd_config_for_each(i, next, conf) {
    snd_config_t *entry = snd_config_iterator_entry(i);
    const char *id;
    if (snd_config_get_id(entry, &id) < 0) continue;
    if (!strcmp(id, "path")) snd_config_get_string(entry, &path);
    if (!strcmp(id, "rate")) snd_config_get_integer(entry, &rate);
    if (!strcmp(id, "channels")) snd_config_get_integer(entry, &channels);
  }
  if (!path) return -EINVAL;
  card_t *card = calloc(1, sizeof *card);
  card->name = strdup(path);
  int refusal = is_set(card, "gone") ? -ENODEV : is_set(card, "busy") ? -EBUSY : 0;
  if (refusal) return free(card->name), free(card), refusal;

  struct itimerspec tick = {{0, 2000000}, {0, 2000000}};
  card->io.version = SND_PCM_IOPLUG_VERSION;
  card->io.name = "A sound card for tests";
  card->io.callback = &callbacks;
  card->io.private_data = card;
  card->io.flags = SND_PCM_IOPLUG_FLAG_BOUNDARY_WA;
  card->io.poll_fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
  card->io.poll_events = POLLIN;
  timerfd_settime(card->io.poll_fd, 0, &tick, NULL);
  int error = snd_pcm_ioplug_create(&card->io, name, stream, mode);
  if (!error) error = set_limits(card, rate, channels);
  *pcmp = card->io.pcm;
  return error;
}

SND_PCM_PLUGIN_SYMBOL(testcard);

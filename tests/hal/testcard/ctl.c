/* An ALSA plug-in that is the mixer of a sound card for tests. Its values are the integers of a file, in
 * the order of the controls below, so that a test can read what was set. */

#include <alsa/asoundlib.h>
#include <alsa/control_external.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *const controls[] = {
    "Speaker Playback Switch", "Speaker Playback Volume", "Headphone Playback Switch",
    "Headphone Playback Volume", "Capture Switch", "Capture Volume",
};
#define COUNT (sizeof controls / sizeof *controls)
#define LOUDEST 200

typedef struct {
  snd_ctl_ext_t ext;
  int *values;
} mixer_t;

static int is_switch(snd_ctl_ext_key_t key) { return strstr(controls[key], "Switch") != NULL; }

static int elem_count(snd_ctl_ext_t *ext) { return COUNT; }

static int elem_list(snd_ctl_ext_t *ext, unsigned int offset, snd_ctl_elem_id_t *id) {
  snd_ctl_elem_id_set_interface(id, SND_CTL_ELEM_IFACE_MIXER);
  snd_ctl_elem_id_set_name(id, controls[offset]);
  return 0;
}

static snd_ctl_ext_key_t find_elem(snd_ctl_ext_t *ext, const snd_ctl_elem_id_t *id) {
  for (snd_ctl_ext_key_t key = 0; key < COUNT; key++)
    if (!strcmp(controls[key], snd_ctl_elem_id_get_name(id))) return key;
  return SND_CTL_EXT_KEY_NOT_FOUND;
}

static int get_attribute(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, int *type, unsigned int *access,
                         unsigned int *count) {
  *type = is_switch(key) ? SND_CTL_ELEM_TYPE_BOOLEAN : SND_CTL_ELEM_TYPE_INTEGER;
  *access = SND_CTL_EXT_ACCESS_READWRITE;
  *count = 1;
  return 0;
}

static int get_integer_info(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *least, long *most,
                            long *step) {
  *least = 0;
  *most = LOUDEST;
  *step = 0;
  return 0;
}

static int read_integer(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value) {
  *value = ((mixer_t *)ext->private_data)->values[key];
  return 0;
}

static int write_integer(snd_ctl_ext_t *ext, snd_ctl_ext_key_t key, long *value) {
  ((mixer_t *)ext->private_data)->values[key] = *value;
  return 1;
}

static int read_event(snd_ctl_ext_t *ext, snd_ctl_elem_id_t *id, unsigned int *mask) { return -EAGAIN; }

static void mixer_close(snd_ctl_ext_t *ext) {
  mixer_t *mixer = ext->private_data;
  munmap(mixer->values, COUNT * sizeof(int));
  free(mixer);
}

static const snd_ctl_ext_callback_t callbacks = {
    .elem_count = elem_count, .elem_list = elem_list, .find_elem = find_elem,
    .get_attribute = get_attribute, .get_integer_info = get_integer_info,
    .read_integer = read_integer, .write_integer = write_integer, .read_event = read_event,
    .close = mixer_close,
};

SND_CTL_PLUGIN_DEFINE_FUNC(testcard) {
  const char *path = NULL;
  snd_config_iterator_t i, next;
  snd_config_for_each(i, next, conf) {
    snd_config_t *entry = snd_config_iterator_entry(i);
    const char *id;
    if (snd_config_get_id(entry, &id) >= 0 && !strcmp(id, "path")) snd_config_get_string(entry, &path);
  }
  int file = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
  if (file < 0) return -ENODEV;
  mixer_t *mixer = calloc(1, sizeof *mixer);
  mixer->values = mmap(NULL, COUNT * sizeof(int), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  close(file);
  mixer->ext.version = SND_CTL_EXT_VERSION;
  mixer->ext.poll_fd = -1;
  mixer->ext.callback = &callbacks;
  mixer->ext.private_data = mixer;
  strcpy(mixer->ext.id, "testcard");
  strcpy(mixer->ext.name, "A mixer for tests");
  int error = snd_ctl_ext_create(&mixer->ext, name, mode);
  *handlep = mixer->ext.handle;
  return error;
}

SND_CTL_PLUGIN_SYMBOL(testcard);

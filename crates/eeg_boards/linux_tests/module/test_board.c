// SPDX-License-Identifier: GPL-2.0
/*
 * A test fixture: the pins of a Raspberry Pi's header with a simulated board behind them.
 *
 * It registers an SPI controller with spidev on two chip selects, and a GPIO chip labelled as a Raspberry Pi 5's. What a chip
 * would answer is asked of the program that has /dev/test_board open: it reads events (an SPI message, an output that was set),
 * and writes orders (what a message is answered, and when data-ready falls). The edges are raised by a timer's interrupt, so that
 * they are on time however busy that program is.
 *
 *   event: u32 kind, a, b, n; u64 ns   kind 1, a message: a = chip select, b = SPI mode, n transfers; then for each transfer
 *                                      u32 bytes, speed_hz, delay_us, cs_change; then all bytes sent
 *                                      kind 2, an output: a = line, b = its value
 *   order: u32 kind, n; u64 ns, x      kind 1, an answer of n bytes, which follow; the message lasts until ns
 *                                      kind 2, n edges (0: until the next order) from ns on, every x picoseconds; ns 0: none
 */
#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/gpio/driver.h>
#include <linux/hrtimer.h>
#include <linux/kfifo.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/spi/spi.h>

#define DRDY_LINE 26
#define LINES 54

static unsigned long raised, merged;
module_param(raised, ulong, 0444);
MODULE_PARM_DESC(raised, "edges so far, as interrupts");
module_param(merged, ulong, 0444);
MODULE_PARM_DESC(merged, "edges that came while the interrupt before was still waiting for the processor");

struct event {
	u32 kind, a, b, n;
	u64 ns;
};
struct transfer {
	u32 bytes, speed_hz, delay_us, cs_change;
};
struct order {
	u32 kind, n;
	u64 ns, x;
};

static DEFINE_KFIFO(pins, struct event, 64);
static DEFINE_SPINLOCK(pins_lock);
static DECLARE_WAIT_QUEUE_HEAD(events);

/* The message that waits for its answer. */
static DEFINE_MUTEX(message_lock);
static struct spi_message *message;
static bool message_told;
static u64 began_ns, until_ns;
static DECLARE_COMPLETION(answered);

static struct platform_device *board;
static struct spi_controller *controller;

/* SPI */

static int transfer_one_message(struct spi_controller *ctlr, struct spi_message *msg)
{
	mutex_lock(&message_lock);
	message = msg;
	message_told = false;
	msg->status = -EIO;
	began_ns = ktime_get_ns();
	reinit_completion(&answered);
	mutex_unlock(&message_lock);
	wake_up_interruptible(&events);
	wait_for_completion_timeout(&answered, 5 * HZ);
	mutex_lock(&message_lock);
	message = NULL;
	mutex_unlock(&message_lock);
	if (!msg->status) {
		/* A real wire is busy for so long. */
		s64 left_ns = until_ns - ktime_get_ns();

		if (left_ns > 100000)
			usleep_range(left_ns / 1000, left_ns / 1000 + 20);
		while (ktime_get_ns() < until_ns)
			cpu_relax();
	}
	spi_finalize_current_message(ctlr);
	return 0;
}

static ssize_t tell_message(char __user *to, size_t room)
{
	struct event event = { .kind = 1, .a = message->spi->chip_select, .b = message->spi->mode & SPI_MODE_X_MASK, .ns = began_ns };
	struct spi_transfer *xfer;
	size_t at = sizeof(event);

	list_for_each_entry(xfer, &message->transfers, transfer_list) {
		struct transfer told = { xfer->len, xfer->speed_hz, xfer->delay.value, xfer->cs_change };

		if (xfer->delay.unit != SPI_DELAY_UNIT_USECS || at + sizeof(told) > room)
			return -EINVAL;
		if (copy_to_user(to + at, &told, sizeof(told)))
			return -EFAULT;
		at += sizeof(told);
		event.n++;
	}
	list_for_each_entry(xfer, &message->transfers, transfer_list) {
		if (!xfer->tx_buf || at + xfer->len > room)
			return -EINVAL;
		if (copy_to_user(to + at, xfer->tx_buf, xfer->len))
			return -EFAULT;
		at += xfer->len;
	}
	if (copy_to_user(to, &event, sizeof(event)))
		return -EFAULT;
	message_told = true;
	return at;
}

static int answer(const char __user *from, size_t bytes, u64 ns)
{
	struct spi_transfer *xfer;

	if (!message)
		return -ENOENT;
	list_for_each_entry(xfer, &message->transfers, transfer_list) {
		if (xfer->len > bytes)
			return -EINVAL;
		if (xfer->rx_buf && copy_from_user(xfer->rx_buf, from, xfer->len))
			return -EFAULT;
		from += xfer->len;
		bytes -= xfer->len;
		message->actual_length += xfer->len;
	}
	message->status = 0;
	until_ns = ns;
	message = NULL;
	complete(&answered);
	return 0;
}

/* GPIO */

static bool masked[LINES];

static void irq_mask(struct irq_data *d)
{
	masked[irqd_to_hwirq(d)] = true;
	gpiochip_disable_irq(irq_data_get_irq_chip_data(d), irqd_to_hwirq(d));
}

static void irq_unmask(struct irq_data *d)
{
	gpiochip_enable_irq(irq_data_get_irq_chip_data(d), irqd_to_hwirq(d));
	masked[irqd_to_hwirq(d)] = false;
}

static void irq_ack(struct irq_data *d)
{
}

static int irq_set_type(struct irq_data *d, unsigned int type)
{
	if (type & ~IRQ_TYPE_EDGE_BOTH)
		return -EINVAL;
	irq_set_handler_locked(d, handle_edge_irq);
	return 0;
}

static const struct irq_chip irq_chip = {
	.name = "test_board",
	.irq_ack = irq_ack,
	.irq_mask = irq_mask,
	.irq_unmask = irq_unmask,
	.irq_set_type = irq_set_type,
	.flags = IRQCHIP_IMMUTABLE,
	GPIOCHIP_IRQ_RESOURCE_HELPERS,
};

static int get(struct gpio_chip *gc, unsigned int line)
{
	return 1;
}

static void set(struct gpio_chip *gc, unsigned int line, int value)
{
	struct event event = { .kind = 2, .a = line, .b = value, .ns = ktime_get_ns() };

	kfifo_in_spinlocked(&pins, &event, 1, &pins_lock);
	wake_up_interruptible(&events);
}

static int direction_input(struct gpio_chip *gc, unsigned int line)
{
	return 0;
}

static int direction_output(struct gpio_chip *gc, unsigned int line, int value)
{
	set(gc, line, value);
	return 0;
}

/* The chip that comes first in /dev is not the one that is wanted. */
static struct gpio_chip other = {
	.label = "other", .owner = THIS_MODULE, .base = -1, .ngpio = 4, .get = get, .direction_input = direction_input,
};
static struct gpio_chip header = {
	.label = "pinctrl-rp1", .owner = THIS_MODULE, .base = -1, .ngpio = LINES,
	.get = get, .set = set, .direction_input = direction_input, .direction_output = direction_output,
};

/* Data-ready */

static struct hrtimer timer;
static u64 first_ns, period_ps, edge, edges;

static u64 due_ns(u64 n)
{
	return first_ns + n * period_ps / 1000;
}

static enum hrtimer_restart data_ready(struct hrtimer *t)
{
	struct irq_data *d = irq_get_irq_data(irq_find_mapping(header.irq.domain, DRDY_LINE));

	if (d && !masked[DRDY_LINE] && irqd_get_trigger_type(d) & IRQ_TYPE_EDGE_FALLING)
		generic_handle_domain_irq(header.irq.domain, DRDY_LINE);
	raised++;
	edge++;
	/* An interrupt that waits is one, however many edges it waits for. */
	while (due_ns(edge) <= ktime_get_ns() && (!edges || edge < edges)) {
		edge++;
		merged++;
	}
	if (edges && edge >= edges)
		return HRTIMER_NORESTART;
	hrtimer_set_expires(t, ns_to_ktime(due_ns(edge)));
	return HRTIMER_RESTART;
}

static void set_edges(const struct order *order)
{
	hrtimer_cancel(&timer);
	first_ns = order->ns;
	period_ps = order->x;
	edges = order->n;
	edge = 0;
	if (first_ns)
		hrtimer_start(&timer, ns_to_ktime(first_ns), HRTIMER_MODE_ABS_HARD);
}

/* The program that plays the board */

static ssize_t board_read(struct file *file, char __user *to, size_t room, loff_t *at)
{
	struct event event;
	ssize_t n;

	for (;;) {
		n = wait_event_interruptible(events, !kfifo_is_empty(&pins) || (READ_ONCE(message) && !READ_ONCE(message_told)));
		if (n)
			return n;
		if (kfifo_out_spinlocked(&pins, &event, 1, &pins_lock)) {
			if (room < sizeof(event) || copy_to_user(to, &event, sizeof(event)))
				return -EFAULT;
			return sizeof(event);
		}
		mutex_lock(&message_lock);
		n = message && !message_told ? tell_message(to, room) : 0;
		mutex_unlock(&message_lock);
		if (n)
			return n;
	}
}

static ssize_t board_write(struct file *file, const char __user *from, size_t bytes, loff_t *at)
{
	struct order order;
	int error = -EINVAL;

	if (bytes < sizeof(order) || copy_from_user(&order, from, sizeof(order)))
		return -EFAULT;
	if (order.kind == 1 && order.n == bytes - sizeof(order)) {
		mutex_lock(&message_lock);
		error = answer(from + sizeof(order), order.n, order.ns);
		mutex_unlock(&message_lock);
	} else if (order.kind == 2) {
		set_edges(&order);
		error = 0;
	}
	return error ?: bytes;
}

static const struct file_operations board_operations = { .owner = THIS_MODULE, .read = board_read, .write = board_write };
static struct miscdevice board_device = { .minor = MISC_DYNAMIC_MINOR, .name = "test_board", .fops = &board_operations };

static int __init test_board_init(void)
{
	/* A name that spidev knows. */
	struct spi_board_info info = { .modalias = "dh2228fv", .max_speed_hz = 20000000, .mode = SPI_MODE_0 };
	int error;

	hrtimer_init(&timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS_HARD);
	timer.function = data_ready;
	board = platform_device_register_simple("test_board", -1, NULL, 0);
	if (IS_ERR(board))
		return PTR_ERR(board);
	other.parent = header.parent = &board->dev;
	gpio_irq_chip_set_chip(&header.irq, &irq_chip);
	header.irq.handler = handle_bad_irq;
	error = gpiochip_add_data(&other, NULL) ?: gpiochip_add_data(&header, NULL) ?: misc_register(&board_device);
	if (error)
		return error;
	controller = spi_alloc_master(&board->dev, 0);
	if (!controller)
		return -ENOMEM;
	controller->bus_num = 0;
	controller->num_chipselect = 2;
	controller->mode_bits = SPI_MODE_X_MASK;
	controller->transfer_one_message = transfer_one_message;
	error = spi_register_controller(controller);
	if (error)
		return error;
	for (info.chip_select = 0; info.chip_select < 2; info.chip_select++)
		if (!spi_new_device(controller, &info))
			return -ENODEV;
	return 0;
}
module_init(test_board_init);

MODULE_DESCRIPTION("A simulated board on SPI and GPIO, for tests (never unloaded)");
MODULE_LICENSE("GPL");
